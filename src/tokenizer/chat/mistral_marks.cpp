#include "tokenizer/chat/mistral_marks.h"

#include "base/text.h"

namespace bise {

Result<MistralMarks> find_mistral_marks(const MistralRules& rules, const Tokenizer& tokenizer) {
  const auto need = [&](std::string_view name) -> Result<TokenId> {
    const std::optional<TokenId> id = tokenizer.control_id(name);
    if (id) return *id;
    return Error{ErrorCode::not_supported,
                 concat("the layout ", layout_name(rules.layout), " needs the control token ", name,
                        ", which this tokenizer has not; choose another layout")};
  };
  MistralMarks marks{};
  marks.bos = TRY(need("<s>"));
  marks.eos = TRY(need("</s>"));
  marks.begin_user = TRY(need("[INST]"));
  marks.end_user = TRY(need("[/INST]"));
  marks.begin_tools = TRY(need("[AVAILABLE_TOOLS]"));
  marks.end_tools = TRY(need("[/AVAILABLE_TOOLS]"));
  marks.begin_results = TRY(need("[TOOL_RESULTS]"));
  marks.end_results = TRY(need("[/TOOL_RESULTS]"));
  marks.tool_calls = TRY(need("[TOOL_CALLS]"));
  if (rules.system_place == MistralRules::SystemPlace::where_it_stands) {
    marks.begin_system = TRY(need("[SYSTEM_PROMPT]"));
    marks.end_system = TRY(need("[/SYSTEM_PROMPT]"));
  }
  // Vocabularies older than v7 get its layout from their chat template and lack this one; what
  // has no tool results can still be laid out.
  marks.tool_content = tokenizer.control_id("[TOOL_CONTENT]");
  if (rules.call_form != MistralRules::CallForm::json_list) marks.arguments = TRY(need("[ARGS]"));
  if (rules.call_form == MistralRules::CallForm::name_id_arguments) {
    marks.call_id = TRY(need("[CALL_ID]"));
  } else if (rules.call_form == MistralRules::CallForm::name_arguments) {
    marks.call_id = tokenizer.control_id("[CALL_ID]");  // answers may hold it all the same
  }
  if (rules.model_settings) {
    marks.begin_settings = TRY(need("[MODEL_SETTINGS]"));
    marks.end_settings = TRY(need("[/MODEL_SETTINGS]"));
  }
  marks.begin_think = tokenizer.control_id("[THINK]");
  marks.end_think = tokenizer.control_id("[/THINK]");
  marks.image = tokenizer.control_id("[IMG]");
  marks.image_break = tokenizer.control_id("[IMG_BREAK]");
  marks.image_end = tokenizer.control_id("[IMG_END]");
  return marks;
}

AnswerMarks answer_marks_of(const MistralRules& rules, const MistralMarks& marks) {
  return {.end = marks.eos,
          .tool_calls = marks.tool_calls,
          .call_id = marks.call_id,
          .arguments = marks.arguments,
          .begin_think = marks.begin_think,
          .end_think = marks.end_think,
          .calls_are_one_body = rules.call_form == MistralRules::CallForm::json_list};
}

}  // namespace bise
