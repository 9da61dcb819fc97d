#pragma once

#include <optional>

#include "base/result.h"
#include "tokenizer/chat/answer_parser.h"
#include "tokenizer/chat/mistral_rules.h"
#include "tokenizer/tokenizer.h"

namespace bise {

// The control tokens of a Mistral layout. Those in std::optional are there where the layout needs
// them; tool_content, thinking and image tokens where the tokenizer has them.
struct MistralMarks {
  TokenId bos, eos;
  TokenId begin_user, end_user;
  TokenId begin_tools, end_tools;
  TokenId begin_results, end_results;
  TokenId tool_calls;
  std::optional<TokenId> begin_system, end_system;
  std::optional<TokenId> tool_content;
  std::optional<TokenId> arguments, call_id;
  std::optional<TokenId> begin_settings, end_settings;
  std::optional<TokenId> begin_think, end_think;
  std::optional<TokenId> image, image_break, image_end;
};

// The error names the token that is missing.
Result<MistralMarks> find_mistral_marks(const MistralRules& rules, const Tokenizer& tokenizer);

AnswerMarks answer_marks_of(const MistralRules& rules, const MistralMarks& marks);

}  // namespace bise
