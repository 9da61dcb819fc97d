#include "sampling/stop_matcher.h"

#include <gtest/gtest.h>

#include <random>

namespace bise {
namespace {

std::string run(StopMatcher& matcher, const std::vector<std::string>& pieces) {
  std::string out;
  for (const std::string& piece : pieces) out += matcher.push(piece);
  if (!matcher.stopped()) out += matcher.flush();
  return out;
}

TEST(StopMatcher, PassesTextThroughWithoutSequences) {
  StopMatcher matcher({});
  EXPECT_EQ(matcher.push("abc"), "abc");
  EXPECT_FALSE(matcher.stopped());
}

TEST(StopMatcher, HoldsBackWhatCouldBeginASequence) {
  StopMatcher matcher({"\n\nUser:"});
  EXPECT_EQ(matcher.push("one\n"), "one");
  EXPECT_EQ(matcher.push("\n"), "");
  EXPECT_EQ(matcher.push("Us"), "");
  EXPECT_EQ(matcher.push("ual"), "\n\nUsual");
  EXPECT_EQ(matcher.push("ly\n\nUser"), "ly");
  EXPECT_EQ(matcher.push(": hi"), "");
  EXPECT_EQ(matcher.stopped_by(), 0);
  EXPECT_EQ(matcher.push("more"), "");
}

TEST(StopMatcher, GivesTheHeldTextAtTheEnd) {
  StopMatcher matcher({"END"});
  EXPECT_EQ(matcher.push("the EN"), "the ");
  EXPECT_EQ(matcher.flush(), "EN");
  EXPECT_EQ(matcher.push("D"), "D");
}

TEST(StopMatcher, FindsOverlappingBeginnings) {
  StopMatcher matcher({"aab"});
  EXPECT_EQ(run(matcher, {"a", "a", "a", "b", "c"}), "a");
  EXPECT_EQ(matcher.stopped_by(), 0);
}

TEST(StopMatcher, TheFirstCompletedWinsAndOfThoseTheLongest) {
  StopMatcher first({"abcd", "bc"});
  EXPECT_EQ(run(first, {"xabcd"}), "xa");
  EXPECT_EQ(first.stopped_by(), 1);
  StopMatcher longest({"bc", "abc"});
  EXPECT_EQ(run(longest, {"xabcd"}), "x");
  EXPECT_EQ(longest.stopped_by(), 1);
}

TEST(StopMatcher, IgnoresEmptySequences) {
  StopMatcher matcher({"", "x"});
  EXPECT_EQ(run(matcher, {"ab", "x"}), "ab");
  EXPECT_EQ(matcher.stopped_by(), 1);
}

// What comes out is the same however the text is cut, and equals a plain search.
TEST(StopMatcher, DoesNotDependOnHowTheTextIsCut) {
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    std::string text;
    for (int i = 0; i < 40; ++i) text.push_back(static_cast<char>('a' + random() % 2));
    std::vector<std::string> sequences;
    for (int i = 0; i < 3; ++i) {
      std::string sequence;
      for (auto n = 2 + random() % 6; n > 0; --n) {
        sequence.push_back(static_cast<char>('a' + random() % 2));
      }
      sequences.push_back(sequence);
    }
    std::string expected = text;
    for (std::size_t end = 1; end <= text.size() && expected == text; ++end) {
      std::size_t longest = 0;
      for (const std::string& sequence : sequences) {
        if (std::string_view(text).substr(0, end).ends_with(sequence)) {
          longest = std::max(longest, sequence.size());
        }
      }
      if (longest > 0) expected = text.substr(0, end - longest);
    }
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t length = std::min<std::size_t>(1 + random() % 7, text.size() - at);
      pieces.push_back(text.substr(at, length));
      at += length;
    }
    StopMatcher matcher(sequences);
    EXPECT_EQ(run(matcher, pieces), expected) << text;
  }
}

}  // namespace
}  // namespace bise
