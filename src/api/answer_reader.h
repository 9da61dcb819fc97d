#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "engine/generation.h"
#include "sampling/stop_matcher.h"
#include "tokenizer/chat/answer_parser.h"

namespace bise::api {

// What of an answer has become certain. Calls are numbered from 0 within their choice.
struct AnswerPiece {
  enum class Kind {
    text,
    thinking,
    thinking_closed,
    call,       // begins: its name in `text`, and its id of nine letters and digits
    arguments,  // a piece of the call's JSON
  };
  Kind kind;
  std::string text;
  int call = 0;
  std::string call_id = {};

  bool operator==(const AnswerPiece&) const = default;
};

struct ReaderOptions {
  std::vector<std::string> stops;  // looked for in the text, not in thoughts and calls
  std::int64_t tokens_min = 0;     // until then they are not
  bool one_call = false;           // a second one ends the answer
  bool inside_thought = false;     // the prompt ends in an open one
};

// One choice of a chat: its tokens in, pieces out. A call is told of once its name is whole; what
// was begun as a call and is none (no name, a list that is not JSON) is given out as the text it
// is, so that nothing is lost.
class AnswerReader {
 public:
  AnswerReader(const Tokenizer& tokenizer, const AnswerMarks& marks, ReaderOptions options);

  std::vector<AnswerPiece> push(TokenId id);
  // What waited, when no more comes.
  std::vector<AnswerPiece> finish();

  // The answer is over here, whatever the model would go on with.
  bool stopped() const { return stops_.stopped() || second_call_; }
  int stopped_by() const { return stops_.stopped_by(); }  // index of the stop string, or -1
  int call_count() const { return calls_; }
  std::int64_t thinking_tokens() const { return thinking_tokens_; }

 private:
  using Kind = AnswerEvent::Kind;
  using Pieces = std::vector<AnswerPiece>;

  void take(AnswerEvent& event, Pieces& pieces);
  void take_text(AnswerEvent& event, Pieces& pieces);
  void end_text(Pieces& pieces);
  void begin_call(Pieces& pieces);
  void end_call(Pieces& pieces);
  void tell_call(std::string name, std::string_view id, Pieces& pieces);
  void end_body(Pieces& pieces);

  AnswerParser parser_;
  StopMatcher stops_;
  ReaderOptions options_;
  std::int64_t tokens_ = 0;
  std::int64_t thinking_tokens_ = 0;
  bool in_thought_ = false;
  bool in_text_ = false;

  // Of the call that is being read.
  int call_segment_ = -1;
  bool is_body_ = false;
  bool is_told_ = false;  // its name has been given out
  bool is_text_ = false;  // it turned out to be none
  bool has_arguments_ = false;
  bool wrote_arguments_ = false;
  std::string name_, id_, body_;

  int calls_ = 0;
  bool second_call_ = false;
};

}  // namespace bise::api
