#include "apps/terminal/char_width.h"

#include <gtest/gtest.h>

namespace bise {
namespace {

TEST(CharWidth, KnowsWideAndZeroWidthCharacters) {
  EXPECT_EQ(char_width('a'), 1);
  EXPECT_EQ(char_width(0xE9), 1);     // é
  EXPECT_EQ(char_width(0xD55C), 2);   // 한
  EXPECT_EQ(char_width(0x4E2D), 2);   // 中
  EXPECT_EQ(char_width(0x1F600), 2);  // an emoji
  EXPECT_EQ(char_width(0xFF21), 2);   // fullwidth A
  EXPECT_EQ(char_width(0xFF71), 1);   // halfwidth katakana
  EXPECT_EQ(char_width(0x301), 0);    // combining acute
  EXPECT_EQ(char_width(0x1161), 0);   // a conjoining vowel
  EXPECT_EQ(char_width(0x200D), 0);
  EXPECT_EQ(char_width(0x10FFFF), 1);
}

TEST(NextCluster, KeepsTogetherWhatBelongsTogether) {
  const auto bytes_and_columns = [](std::string_view text) {
    const Cluster cluster = next_cluster(text);
    return std::pair(cluster.bytes, cluster.columns);
  };
  using Pair = std::pair<std::size_t, int>;
  EXPECT_EQ(bytes_and_columns(""), Pair(0, 0));
  EXPECT_EQ(bytes_and_columns("ab"), Pair(1, 1));
  EXPECT_EQ(bytes_and_columns("e\u0301x"), Pair(3, 1));
  EXPECT_EQ(bytes_and_columns("\u1112\u1161\u11ABx"), Pair(9, 2));             // 한 in three
  EXPECT_EQ(bytes_and_columns("\U0001F1F0\U0001F1F7\U0001F1EB"), Pair(8, 2));  // a flag
  EXPECT_EQ(bytes_and_columns("\U0001F44D\U0001F3FDx"), Pair(8, 2));           // a skin tone
  EXPECT_EQ(bytes_and_columns("\U0001F469\u200D\U0001F4BBx"), Pair(11, 2));    // joined
  EXPECT_EQ(bytes_and_columns("\u2764\uFE0Fx"), Pair(6, 2));                   // emoji style
  EXPECT_EQ(bytes_and_columns("\xFF z"), Pair(1, 1));                          // not UTF-8
}

TEST(PreviousCluster, IsWhereTheCursorGoesBack) {
  const std::string text = "a한e\u0301\nb";
  EXPECT_EQ(previous_cluster(text, text.size()), text.size() - 1);
  EXPECT_EQ(previous_cluster(text, text.size() - 1), text.size() - 2);
  EXPECT_EQ(previous_cluster(text, 7), 4U);
  EXPECT_EQ(previous_cluster(text, 4), 1U);
  EXPECT_EQ(previous_cluster(text, 1), 0U);
  EXPECT_EQ(previous_cluster(text, 0), 0U);
}

TEST(TextWidth, AddsColumns) {
  EXPECT_EQ(text_width("a한글 e\u0301"), 7);
}

}  // namespace
}  // namespace bise
