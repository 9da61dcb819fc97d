#include "api/page/live_answer.h"

namespace bise::api {

LiveAnswer::LiveAnswer(const ServedModel& model, bool inside_thought)
    : parser_(*model.tokenizer, model.layout->answer_marks()),
      tokenizer_(*model.tokenizer),
      in_thought_(inside_thought) {
  if (inside_thought) parser_.begin_inside_thought();
}

LiveAnswer::Added LiveAnswer::push(TokenId id) {
  const bool began_in_thought = in_thought_;
  Added added = take(parser_.push(id));
  if (tokenizer_.is_control(id))
    added.part = Part::control;
  else if (in_thought_)
    added.part = Part::thinking;
  if (began_in_thought || in_thought_) ++thinking_tokens_;
  return added;
}

LiveAnswer::Added LiveAnswer::finish() {
  return take(parser_.finish());
}

LiveAnswer::Added LiveAnswer::take(const std::vector<AnswerEvent>& events) {
  Added added;
  for (const AnswerEvent& event : events) {
    switch (event.kind) {
      case AnswerEvent::Kind::thinking:
        in_thought_ = true;
        added.thinking += event.text;
        break;
      case AnswerEvent::Kind::thinking_closed:
        in_thought_ = false;
        break;
      case AnswerEvent::Kind::ended:
        break;
      // Calls are not asked for here; what comes all the same is shown as it is.
      case AnswerEvent::Kind::text:
      case AnswerEvent::Kind::call_name:
      case AnswerEvent::Kind::call_id:
      case AnswerEvent::Kind::call_arguments:
      case AnswerEvent::Kind::call_body:
        in_thought_ = false;
        added.text += event.text;
        break;
    }
  }
  content_ += added.text;
  thinking_ += added.thinking;
  return added;
}

}  // namespace bise::api
