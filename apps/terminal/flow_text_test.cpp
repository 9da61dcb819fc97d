#include "apps/terminal/flow_text.h"

#include <gtest/gtest.h>

#include <random>

#include "apps/terminal/fake_screen.h"

namespace bise {
namespace {

using Rows = std::vector<std::string>;

// Rows of the screen after the text came in pieces of this many bytes (cut at characters).
Rows flow(int width, std::string_view text, std::size_t piece, const std::string& prefix = "") {
  FakeScreen screen(width);
  FlowText out(width, prefix, static_cast<int>(prefix.size()));
  while (!text.empty()) {
    std::size_t length = 0;
    while (length < text.size() && length < piece) {
      length += next_cluster(text.substr(length)).bytes;
    }
    screen.write(out.push(text.substr(0, length)));
    text.remove_prefix(length);
  }
  screen.write(out.finish());
  EXPECT_FALSE(screen.was_wrapped());
  return screen.rows();
}

TEST(FlowText, BreaksBetweenWordsHoweverTheTextComes) {
  for (const std::size_t piece : {1, 2, 3, 100}) {
    EXPECT_EQ(flow(12, "The quick brown fox jumps", piece),
              (Rows{"The quick", "brown fox", "jumps"}))
        << piece;
  }
}

TEST(FlowText, BreaksAWordThatIsWiderThanTheScreen) {
  EXPECT_EQ(flow(6, "a supercalifragilistic", 1), (Rows{"a", "super", "calif", "ragil", "istic"}));
}

TEST(FlowText, BreaksAnywhereBetweenWideCharacters) {
  EXPECT_EQ(flow(8, "안녕하세요 세계", 3), (Rows{"안녕하", "세요 세", "계"}));
}

TEST(FlowText, KeepsLineBreaks) {
  EXPECT_EQ(flow(20, "one\n\n- two\n", 1), (Rows{"one", "", "- two"}));
}

TEST(FlowText, PutsThePrefixBeforeEachRow) {
  EXPECT_EQ(flow(12, "The quick brown fox\n\nx", 2, "| "),
            (Rows{"| The quick", "| brown fox", "|", "| x"}));
}

TEST(FlowText, LeavesCodeToTheTerminal) {
  FakeScreen screen(12);
  FlowText out(12, "", 0);
  screen.write(out.push("```\nint main(int argc)\n```\nand now words again"));
  EXPECT_EQ(screen.rows(),
            (Rows{"```", "int main(int", " argc)", "```", "and now", "words again"}));
}

TEST(FlowText, LetsNothingSteerTheTerminal) {
  FlowText out(40, "", 0);
  EXPECT_EQ(out.push("a\033[2Jb\rc\x07"), "a\uFFFD[2Jb\uFFFDc\uFFFD");
}

TEST(FlowText, ShowsEveryCharacterInOrder) {
  std::mt19937 random(3);
  const std::string words[] = {"a", "of", "word", "한국어", "longerword",
                               " ", "  ", "\n",   "e\u0301"};
  for (int round = 0; round < 200; ++round) {
    std::string text;
    for (int i = 0; i < 30; ++i) text += words[random() % std::size(words)] + (i % 3 ? " " : "");
    const int width = 6 + static_cast<int>(random() % 20);
    std::string seen;
    for (const std::string& row : flow(width, text, 1 + random() % 9)) seen += row;
    std::string expected = text;
    for (std::string* s : {&seen, &expected}) {
      std::erase_if(*s, [](char c) { return c == ' ' || c == '\n'; });
    }
    EXPECT_EQ(seen, expected) << width << ": " << text;
  }
}

}  // namespace
}  // namespace bise
