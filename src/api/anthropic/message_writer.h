#pragma once

#include <memory>
#include <vector>

#include "api/answer.h"

namespace bise::api::anthropic {

// message_start, blocks, message_delta, message_stop. A call's input comes whole: it must be an
// object, which shows only at its end.
std::unique_ptr<StreamWriter> make_message_writer(const AnswerHead& head);

Json whole_message(const AnswerHead& head, const std::vector<ChoiceAnswer>& choices,
                   const Usage& usage);

}  // namespace bise::api::anthropic
