#include "apps/answer_stream.h"

#include <utility>

namespace bise {

AnswerStream::AnswerStream(const Tokenizer& tokenizer, const AnswerMarks& marks,
                           const std::vector<std::string>& stops)
    : parser_(tokenizer, marks), stops_(stops) {}

std::vector<AnswerEvent> AnswerStream::push(TokenId id) {
  return filter(parser_.push(id));
}

std::vector<AnswerEvent> AnswerStream::finish() {
  std::vector<AnswerEvent> events = filter(parser_.finish());
  if (stopped()) return events;
  std::string rest = stops_.flush();
  if (!rest.empty()) {
    events.push_back({AnswerEvent::Kind::text, text_segment_, std::move(rest)});
  }
  return events;
}

std::vector<AnswerEvent> AnswerStream::filter(std::vector<AnswerEvent> events) {
  std::vector<AnswerEvent> out;
  for (AnswerEvent& event : events) {
    if (stopped()) break;
    const bool is_text = event.kind == AnswerEvent::Kind::text;
    // A sequence does not reach across a thought or a call.
    if (text_segment_ >= 0 && (!is_text || event.segment != text_segment_)) {
      std::string rest = stops_.flush();
      if (!rest.empty()) {
        out.push_back({AnswerEvent::Kind::text, text_segment_, std::move(rest)});
      }
      text_segment_ = -1;
    }
    if (!is_text) {
      out.push_back(std::move(event));
      continue;
    }
    text_segment_ = event.segment;
    event.text = stops_.push(event.text);
    if (!event.text.empty()) out.push_back(std::move(event));
  }
  return out;
}

}  // namespace bise
