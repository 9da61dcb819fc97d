#include "tokenizer/bpe_tokenizer.h"

#include <gtest/gtest.h>

#include "tokenizer/detokenizer.h"
#include "tokenizer/golden_files.h"

namespace bise {
namespace {

using golden::ids_of;
using golden::text_of;

void expect_encodes(const Tokenizer& tokenizer, const std::string& path) {
  std::size_t wrong = 0;
  const auto rows = golden::read_lines(path);
  for (const Json& row : rows) {
    if (tokenizer.encode(text_of(row)) == ids_of(row)) continue;
    if (++wrong > 5) break;
    ADD_FAILURE() << path << ": " << text_of(row).substr(0, 60);
  }
  EXPECT_GT(rows.size(), 1000u);
}

TEST(RankTokenizer, EncodesEverySmallGoldenAsMistralCommonDoes) {
  const auto loaded = golden::must_load_tekken(golden::small_tekken("v13"));
  expect_encodes(*loaded.tokenizer, "tests/golden/tokenizer/small-encode.jsonl");
}

TEST(RankTokenizer, EncodesEveryGoldenOfTheRealVocabularyAsMistralCommonDoes) {
  const auto json = golden::real_tekken("v13");
  const auto path = golden::shared_path("goldens/tokenizer/encode.jsonl.gz");
  if (!json || !path) GTEST_SKIP() << "no shared folder with data/tekken and goldens/tokenizer";
  const auto loaded = golden::must_load_tekken(*json);
  expect_encodes(*loaded.tokenizer, *path);
  EXPECT_EQ(loaded.tokenizer->encode("Hello, my name is"),
            (std::vector<TokenId>{22177, 1044, 2036, 2564, 1395}));
}

}  // namespace
}  // namespace bise
