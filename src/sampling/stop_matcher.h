#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bise {

// Finds stop sequences in text that comes in pieces, however it is cut: text that could begin one
// is held back until that is decided. The first sequence to be completed ends the text; of several
// completed by the same byte, the longest. The sequence itself is not given out.
class StopMatcher {
 public:
  // Empty sequences are ignored.
  explicit StopMatcher(const std::vector<std::string>& sequences);

  // The text that is now certain to come before any stop sequence. Nothing more after a stop.
  std::string push(std::string_view text);
  // What was held back, when no more text comes. Matching begins anew.
  std::string flush();

  bool stopped() const { return stopped_by_ >= 0; }
  // Index (in the constructor's list) of the sequence that was found, or -1.
  int stopped_by() const { return stopped_by_; }

 private:
  // A Knuth-Morris-Pratt automaton.
  struct Sequence {
    int index;
    std::string text;
    std::vector<std::int32_t> fallbacks;  // [length + 1]; of the prefix of that many bytes
    std::int32_t matched = 0;             // bytes of it that the text so far ends with
  };

  std::vector<Sequence> sequences_;
  std::string held_;
  int stopped_by_ = -1;
};

}  // namespace bise
