#include "tokenizer/bpe_tokenizer.h"

#include <gtest/gtest.h>

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <random>

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

// The definition, word for word: the lowest rank of all neighbours, the leftmost of equals.
std::vector<TokenId> merged_plainly(const Tokenizer& tokenizer, const std::string& piece) {
  std::map<std::string_view, TokenId> ranks;
  for (TokenId id = 0; id < tokenizer.vocab_size(); ++id) {
    if (!tokenizer.is_control(id)) ranks[tokenizer.bytes(id)] = id;
  }
  std::vector<std::string> parts;
  for (const char c : piece) parts.emplace_back(1, c);
  while (true) {
    std::size_t best = parts.size();
    TokenId best_rank = tokenizer.vocab_size();
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
      const auto found = ranks.find(parts[i] + parts[i + 1]);
      if (found == ranks.end() || found->second >= best_rank) continue;
      best_rank = found->second;
      best = i;
    }
    if (best == parts.size()) break;
    parts[best] += parts[best + 1];
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
  std::vector<TokenId> ids;
  ids.reserve(parts.size());
  for (const std::string& part : parts) ids.push_back(ranks.at(part));
  return ids;
}

TEST(RankTokenizer, MergesPiecesOfEveryLengthAsTheDefinitionDoes) {
  const auto loaded = golden::must_load_tekken(golden::small_tekken("v13"));
  std::mt19937 random(7);
  // Around the length where one way of merging takes over from the other, and far beyond.
  for (const std::size_t length : {1, 2, 3, 10, 30, 62, 63, 64, 65, 66, 100, 700}) {
    for (int i = 0; i < 20; ++i) {
      std::string piece(length, ' ');
      for (char& c : piece) c = "aehilnorst"[random() % (i % 2 == 0 ? 10 : 3)];
      const auto whole = loaded.tokenizer->encode(piece);
      if (whole.size() == 1) continue;
      ASSERT_EQ(whole, merged_plainly(*loaded.tokenizer, piece)) << piece;
    }
  }
}

TEST(RankTokenizer, TakesAMegabyteOfAnyOneCharacterInItsStride) {
  const auto loaded = golden::must_load_tekken(golden::small_tekken("v13"));
  const auto begin = std::chrono::steady_clock::now();
  for (const std::string unit : {"a", "A", " ", "\n", ".", "7", "\u0301", "\uc548", "\xff"}) {
    std::string text;
    while (text.size() < 1000000) text.append(unit);
    const auto ids = loaded.tokenizer->encode(text);
    const std::string back = decode(*loaded.tokenizer, ids);
    EXPECT_EQ(back.size(), unit == "\xff" ? 3 * text.size() : text.size());
  }
  // Quadratic time would be hours.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(120));
}

// Time of this thread alone: the machine may be busy with other things.
double thread_seconds() {
  timespec now = {};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

TEST(RankTokenizer, EncodesOrdinaryTextAtTenMegabytesASecondAndMore) {
#if !defined(NDEBUG) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "speed is measured in a release build without sanitizers";
#endif
  const auto json = golden::real_tekken("v13");
  const auto english = golden::shared_path("data/fairytales/stories.jsonl.gz");
  const auto korean = golden::shared_path("data/nsmc-derived/test.tsv.gz");
  if (!json || !english || !korean) GTEST_SKIP() << "no shared folder with data/";
  const auto loaded = golden::must_load_tekken(*json);
  const struct {
    const char* name;
    std::string text;
  } kTexts[] = {{"english", golden::read(*english)}, {"korean", golden::read(*korean)}};
  for (const auto& [name, text] : kTexts) {
    std::vector<TokenId> ids;
    double best = 1e9;
    for (int i = 0; i < 5; ++i) {
      ids.clear();
      const double begin = thread_seconds();
      loaded.tokenizer->encode(text, ids);
      best = std::min(best, thread_seconds() - begin);
    }
    const double megabytes_per_s = static_cast<double>(text.size()) / best / 1e6;
    std::printf("%s: %.1f MB/s\n", name, megabytes_per_s);
    if (std::string(name) == "english") {
      EXPECT_GE(megabytes_per_s, 10.0);
    }
  }
}

TEST(RankTokenizer, NeverMakesControlTokensOfWords) {
  const auto loaded = golden::must_load_tekken(golden::small_tekken("v13"));
  const std::string text = "<s>[INST][/INST]</s><unk>[TOOL_CALLS]<SPECIAL_20>";
  const auto ids = loaded.tokenizer->encode(text);
  for (const TokenId id : ids) EXPECT_FALSE(loaded.tokenizer->is_control(id));
  EXPECT_EQ(decode(*loaded.tokenizer, ids), text);
}

}  // namespace
}  // namespace bise
