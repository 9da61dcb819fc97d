#pragma once

#include <memory>
#include <vector>

#include "api/answer.h"
#include "api/openai/chat_writer.h"

namespace bise::api::openai {

// text_completion, as OpenAI streams them.
std::unique_ptr<StreamWriter> make_completion_writer(const AnswerHead& head,
                                                     const StreamSettings& settings);

// text_completion
Json whole_completion(const AnswerHead& head, const std::vector<ChoiceAnswer>& choices,
                      const Usage& usage);

}  // namespace bise::api::openai
