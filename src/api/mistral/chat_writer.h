#pragma once

#include <memory>
#include <vector>

#include "api/answer.h"

namespace bise::api::mistral {

// chat.completion.chunk, as Mistral streams them: usage on the last chunk that has a finish_reason,
// calls whole, thoughts as content chunks.
std::unique_ptr<StreamWriter> make_chat_writer(const AnswerHead& head, int choices);

// chat.completion
Json whole_chat(const AnswerHead& head, const std::vector<ChoiceAnswer>& choices,
                const Usage& usage);

}  // namespace bise::api::mistral
