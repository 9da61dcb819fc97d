#pragma once

#include <memory>
#include <vector>

#include "api/answer.h"

namespace bise::api::openai {

struct StreamSettings {
  int choices;
  bool includes_usage;  // a last chunk without choices holds it
};

// chat.completion.chunk, as OpenAI streams them.
std::unique_ptr<StreamWriter> make_chat_writer(const AnswerHead& head,
                                               const StreamSettings& settings);

// chat.completion
Json whole_chat(const AnswerHead& head, const std::vector<ChoiceAnswer>& choices,
                const Usage& usage);

std::string_view finish_word(const ChoiceEnd& end);
Json usage_json(const Usage& usage);
// What stands around the choices of a whole answer; `kind` is its "object".
Json whole_answer(const AnswerHead& head, std::string_view kind, Json choices, const Usage& usage);
// data: {"error": {...}}
std::string error_frame(const ApiError& error);

}  // namespace bise::api::openai
