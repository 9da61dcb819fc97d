#include "tokenizer/detokenizer.h"

#include <gtest/gtest.h>

#include "tokenizer/golden_files.h"

namespace bise {
namespace {

using golden::ids_of;
using golden::text_of;

void expect_decodes(const Tokenizer& tokenizer, const std::string& path) {
  for (const Json& row : golden::read_lines(path)) {
    const auto ids = ids_of(row);
    const std::string dropped = row.find("decoded")->as_string();
    const Json* kept = row.find("decoded_keep");
    ASSERT_EQ(decode(tokenizer, ids), dropped) << write_json(row);
    ASSERT_EQ(decode(tokenizer, ids, ControlTokens::write_out),
              kept != nullptr ? kept->as_string() : dropped);
    ASSERT_EQ(decode_bytes(tokenizer, ids), text_of(row)) << write_json(row);
  }
}

void expect_streams(const Tokenizer& tokenizer, const std::string& path) {
  for (const Json& row : golden::read_lines(path)) {
    Detokenizer detokenizer(tokenizer);
    Json emitted = Json::array();
    for (const TokenId id : ids_of(row)) emitted.push(detokenizer.push(id));
    ASSERT_EQ(write_json(emitted), write_json(*row.find("emit"))) << write_json(row);
    ASSERT_EQ(detokenizer.flush(), row.find("flush")->as_string()) << write_json(row);
    ASSERT_EQ(detokenizer.flush(), "");
  }
}

TEST(Detokenizer, DecodesAndStreamsEverySmallGolden) {
  const auto loaded = golden::must_load_tekken(golden::small_tekken("v13"));
  expect_decodes(*loaded.tokenizer, "tests/golden/tokenizer/small-decode.jsonl");
  expect_streams(*loaded.tokenizer, "tests/golden/tokenizer/small-stream.jsonl");
}

TEST(Detokenizer, DecodesAndStreamsEveryGoldenOfTheRealVocabulary) {
  const auto json = golden::real_tekken("v13");
  const auto decoded = golden::shared_path("goldens/tokenizer/decode.jsonl");
  const auto streamed = golden::shared_path("goldens/tokenizer/stream.jsonl");
  if (!json || !decoded || !streamed) {
    GTEST_SKIP() << "no shared folder with data/tekken and goldens/tokenizer";
  }
  const auto loaded = golden::must_load_tekken(*json);
  expect_decodes(*loaded.tokenizer, *decoded);
  expect_streams(*loaded.tokenizer, *streamed);
}

TEST(Detokenizer, GivesNothingForIdsOutOfRange) {
  const auto loaded = golden::must_load_tekken(golden::small_tekken("v13"));
  const std::vector<TokenId> ids = {-1, 64 + 'a', 2000, 1 << 30, 64 + 'b'};
  EXPECT_EQ(decode(*loaded.tokenizer, ids, ControlTokens::write_out), "ab");
  EXPECT_EQ(decode_bytes(*loaded.tokenizer, ids), "ab");
}

}  // namespace
}  // namespace bise
