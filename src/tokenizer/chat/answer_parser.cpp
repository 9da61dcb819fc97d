#include "tokenizer/chat/answer_parser.h"

#include <utility>

namespace bise {
namespace {

bool is_call_field(AnswerEvent::Kind kind) {
  return kind == AnswerEvent::Kind::call_name || kind == AnswerEvent::Kind::call_id ||
         kind == AnswerEvent::Kind::call_arguments || kind == AnswerEvent::Kind::call_body;
}

AnswerSegment::Kind segment_kind(AnswerEvent::Kind kind) {
  if (is_call_field(kind)) return AnswerSegment::Kind::call;
  return kind == AnswerEvent::Kind::text ? AnswerSegment::Kind::text
                                         : AnswerSegment::Kind::thinking;
}

// The field of a call that this event adds to.
std::optional<std::string>& call_field(AnswerSegment& segment, AnswerEvent::Kind kind) {
  switch (kind) {
    case AnswerEvent::Kind::call_name:
      return segment.name;
    case AnswerEvent::Kind::call_id:
      return segment.id;
    case AnswerEvent::Kind::call_arguments:
      return segment.arguments;
    default:
      return segment.body;
  }
}

}  // namespace

AnswerParser::AnswerParser(const Tokenizer& tokenizer, const AnswerMarks& marks)
    : marks_(marks), detokenizer_(tokenizer, ControlTokens::drop) {}

void AnswerParser::begin_inside_thought() {
  field_ = Kind::thinking;
  segment_ = 0;
}

std::vector<AnswerEvent> AnswerParser::push(TokenId id) {
  std::vector<AnswerEvent> events;
  if (ended_) return events;
  add_text(detokenizer_.push(id), events);
  mark(id, events);
  return events;
}

std::vector<AnswerEvent> AnswerParser::finish() {
  std::vector<AnswerEvent> events;
  if (!ended_) add_text(detokenizer_.flush(), events);
  return events;
}

void AnswerParser::add_text(std::string text, std::vector<AnswerEvent>& events) {
  if (text.empty()) return;
  if (field_ == Kind::text && !text_begun_) {
    ++segment_;
    text_begun_ = true;
  }
  events.push_back({field_, segment_, std::move(text)});
}

void AnswerParser::begin_field(Kind kind, std::vector<AnswerEvent>& events) {
  field_ = kind;
  events.push_back({kind, segment_, {}});
}

void AnswerParser::begin_segment(Kind kind, std::vector<AnswerEvent>& events) {
  text_begun_ = false;
  if (kind == Kind::text) {
    field_ = kind;  // begun by its first character
    return;
  }
  ++segment_;
  begin_field(kind, events);
}

void AnswerParser::mark(TokenId id, std::vector<AnswerEvent>& events) {
  if (id == marks_.end) {
    ended_ = true;
    events.push_back({Kind::ended, segment_, {}});
  } else if (id == marks_.tool_calls) {
    begin_segment(marks_.calls_are_one_body ? Kind::call_body : Kind::call_name, events);
  } else if (id == marks_.begin_think) {
    begin_segment(Kind::thinking, events);
  } else if (id == marks_.end_think) {
    if (field_ == Kind::thinking) events.push_back({Kind::thinking_closed, segment_, {}});
    begin_segment(Kind::text, events);
  } else if (field_ == Kind::call_name || field_ == Kind::call_id) {
    if (id == marks_.call_id) begin_field(Kind::call_id, events);
    if (id == marks_.arguments) begin_field(Kind::call_arguments, events);
  }
}

std::vector<AnswerSegment> collect_segments(std::span<const AnswerEvent> events) {
  std::vector<AnswerSegment> segments;
  int last = -1;
  for (const AnswerEvent& event : events) {
    if (event.kind == AnswerEvent::Kind::ended) break;
    if (segments.empty() || event.segment != last) {
      segments.emplace_back().kind = segment_kind(event.kind);
    }
    last = event.segment;
    AnswerSegment& segment = segments.back();
    if (is_call_field(event.kind)) {
      std::optional<std::string>& field = call_field(segment, event.kind);
      field = field.value_or("") + event.text;
    } else if (event.kind == AnswerEvent::Kind::thinking_closed) {
      segment.closed = true;
    } else {
      segment.text += event.text;
    }
  }
  return segments;
}

std::vector<AnswerSegment> parse_answer(const Tokenizer& tokenizer, const AnswerMarks& marks,
                                        std::span<const TokenId> ids) {
  AnswerParser parser(tokenizer, marks);
  std::vector<AnswerEvent> events;
  const auto add = [&](std::vector<AnswerEvent> more) {
    events.insert(events.end(), std::make_move_iterator(more.begin()),
                  std::make_move_iterator(more.end()));
  };
  for (const TokenId id : ids) {
    add(parser.push(id));
    if (parser.ended()) break;
  }
  add(parser.finish());
  return collect_segments(events);
}

}  // namespace bise
