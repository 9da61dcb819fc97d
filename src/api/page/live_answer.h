#pragma once

#include <string>

#include "api/model_catalog.h"
#include "tokenizer/chat/answer_parser.h"

namespace bise::api {

// An answer as its tokens come: what is said and what is thought.
class LiveAnswer {
 public:
  LiveAnswer(const ServedModel& model, bool inside_thought);

  enum class Part { answer, thinking, control };
  struct Added {
    std::string text = {};
    std::string thinking = {};
    Part part = Part::answer;
  };
  Added push(TokenId id);
  // What an incomplete character left.
  Added finish();

  const std::string& content() const { return content_; }
  const std::string& thinking() const { return thinking_; }
  bool in_thought() const { return in_thought_; }
  int thinking_tokens() const { return thinking_tokens_; }

 private:
  Added take(const std::vector<AnswerEvent>& events);

  AnswerParser parser_;
  const Tokenizer& tokenizer_;
  std::string content_, thinking_;
  bool in_thought_;
  int thinking_tokens_ = 0;
};

}  // namespace bise::api
