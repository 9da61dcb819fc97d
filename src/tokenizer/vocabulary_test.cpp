#include "tokenizer/vocabulary.h"

#include <gtest/gtest.h>

#include <random>

#include "tokenizer/merge_list.h"

namespace bise {
namespace {

TEST(Vocabulary, FindsTokensOfEveryLengthAndNothingElse) {
  Vocabulary vocabulary;
  std::mt19937 random(1);
  std::vector<std::string> tokens;
  for (std::size_t length = 1; length <= 300; ++length) {
    std::string token(length, ' ');
    for (char& c : token) c = static_cast<char>(random());
    tokens.push_back(token);
    vocabulary.add(token, false);
  }
  EXPECT_EQ(vocabulary.index(), std::nullopt);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    EXPECT_EQ(vocabulary.find(tokens[i]), static_cast<TokenId>(i));
    for (const std::size_t at : {std::size_t{0}, i / 2, i}) {
      std::string other = tokens[i];
      other[at] = static_cast<char>(other[at] ^ 1);
      EXPECT_EQ(vocabulary.find(other), kNoToken);
    }
    EXPECT_EQ(vocabulary.find(tokens[i] + tokens[i]), kNoToken);
  }
  EXPECT_EQ(vocabulary.find(""), kNoToken);
  // Zeros behind a short key are no part of it.
  EXPECT_EQ(vocabulary.find(tokens[2] + std::string(1, '\0')), kNoToken);
}

TEST(Vocabulary, KeepsNamesAndTextsApart) {
  Vocabulary vocabulary;
  vocabulary.add("<s>", true);
  vocabulary.add("<s>", false);
  vocabulary.add("", true);
  EXPECT_EQ(vocabulary.index(), std::nullopt);
  EXPECT_EQ(vocabulary.control_id("<s>"), 0);
  EXPECT_EQ(vocabulary.find("<s>"), 1);
  EXPECT_EQ(vocabulary.control_id(""), std::nullopt);
  EXPECT_EQ(vocabulary.bytes(3), "");
  EXPECT_EQ(vocabulary.bytes(-1), "");
  EXPECT_TRUE(vocabulary.is_control(3));
  EXPECT_EQ(vocabulary.control_count(), 2);
}

TEST(Vocabulary, TellsOfRepeatedTokensAndFindsTheFirst) {
  Vocabulary vocabulary;
  vocabulary.add("a", false);
  vocabulary.add("long enough to be compared in full", false);
  vocabulary.add("long enough to be compared in full", false);
  const auto repeated = vocabulary.index();
  ASSERT_TRUE(repeated.has_value());
  EXPECT_EQ(repeated->first, 1);
  EXPECT_EQ(repeated->second, 2);
  EXPECT_EQ(vocabulary.find("long enough to be compared in full"), 1);
}

TEST(MergeList, GrowsAndKeepsTheFirstOfEqualPairs) {
  MergeList list(1);
  for (TokenId id = 0; id < 1000; ++id) list.add(id, id + 1, id + 2);
  list.add(5, 6, 99);
  for (TokenId id = 0; id < 1000; ++id) {
    ASSERT_EQ(list.rank(id, id + 1), static_cast<std::uint32_t>(id));
    ASSERT_EQ(list.merged(list.rank(id, id + 1)), id + 2);
  }
  EXPECT_EQ(list.rank(1, 0), MergeList::kNone);
}

}  // namespace
}  // namespace bise
