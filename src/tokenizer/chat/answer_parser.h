#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tokenizer/detokenizer.h"
#include "tokenizer/tokenizer.h"

namespace bise {

// The control tokens that structure an answer; nothing for those the layout does not use.
struct AnswerMarks {
  TokenId end;
  std::optional<TokenId> tool_calls;
  std::optional<TokenId> call_id;
  std::optional<TokenId> arguments;
  std::optional<TokenId> begin_think, end_think;
  bool calls_are_one_body = false;  // a JSON list of calls, not name, id and arguments
};

// A piece of an answer. An answer is a row of segments (a text, a thought, a call), numbered from
// 0; events of one segment follow each other.
struct AnswerEvent {
  enum class Kind {
    text,
    thinking,         // first with an empty text where the thought begins
    thinking_closed,  // not told of a thought that breaks off
    call_name,        // a call's fields: first with an empty text where the field begins
    call_id,
    call_arguments,
    call_body,
    ended,  // by the end token, which belongs to no segment
  };
  Kind kind;
  int segment;
  std::string text;

  bool operator==(const AnswerEvent&) const = default;
};

// Reads an answer token by token. [TOOL_CALLS] starts a call, also inside a thought, which then
// stays open; within it [CALL_ID] begins the id and [ARGS] the arguments, which go on to the call's
// end. [THINK] starts a thought and [/THINK] closes it, both end a call; without an open thought
// [/THINK] only separates. Other control tokens are dropped, nothing is trimmed, and what follows
// the end token is passed over.
// Incomplete characters wait for their rest; a control token or finish() turns them into U+FFFD.
class AnswerParser {
 public:
  AnswerParser(const Tokenizer& tokenizer, const AnswerMarks& marks);

  std::vector<AnswerEvent> push(TokenId id);
  // When the answer breaks off: what was waiting.
  std::vector<AnswerEvent> finish();

  bool ended() const { return ended_; }
  // The prompt ended within a thought (a prefix with an open one): the answer begins inside it.
  void begin_inside_thought();

 private:
  using Kind = AnswerEvent::Kind;

  void add_text(std::string text, std::vector<AnswerEvent>& events);
  void begin_field(Kind kind, std::vector<AnswerEvent>& events);
  void begin_segment(Kind kind, std::vector<AnswerEvent>& events);
  void mark(TokenId id, std::vector<AnswerEvent>& events);

  AnswerMarks marks_;
  Detokenizer detokenizer_;
  Kind field_ = Kind::text;
  int segment_ = -1;  // the last that was begun
  bool text_begun_ = false;
  bool ended_ = false;
};

struct AnswerSegment {
  enum class Kind { text, thinking, call };
  Kind kind = Kind::text;
  std::string text;     // of texts and thoughts
  bool closed = false;  // of thoughts
  // Of calls; nothing for a field that was not begun.
  std::optional<std::string> name, id, arguments, body;

  bool operator==(const AnswerSegment&) const = default;
};

// The segments that these events tell of.
std::vector<AnswerSegment> collect_segments(std::span<const AnswerEvent> events);

// A whole answer.
std::vector<AnswerSegment> parse_answer(const Tokenizer& tokenizer, const AnswerMarks& marks,
                                        std::span<const TokenId> ids);

}  // namespace bise
