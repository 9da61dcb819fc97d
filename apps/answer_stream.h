#pragma once

#include <string>
#include <vector>

#include "sampling/stop_matcher.h"
#include "tokenizer/chat/answer_parser.h"

namespace bise {

// An answer as it comes: tokens in, events out, with the stop sequences looked for in its text (not
// in thoughts and calls).
class AnswerStream {
 public:
  AnswerStream(const Tokenizer& tokenizer, const AnswerMarks& marks,
               const std::vector<std::string>& stops);

  std::vector<AnswerEvent> push(TokenId id);
  // At the end: what waited. Nothing after a stop sequence.
  std::vector<AnswerEvent> finish();

  bool stopped() const { return stops_.stopped(); }
  // Index of the stop sequence that was found, or -1.
  int stopped_by() const { return stops_.stopped_by(); }

 private:
  std::vector<AnswerEvent> filter(std::vector<AnswerEvent> events);

  AnswerParser parser_;
  StopMatcher stops_;
  int text_segment_ = -1;  // whose text the matcher holds
};

}  // namespace bise
