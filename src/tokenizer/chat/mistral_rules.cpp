#include "tokenizer/chat/mistral_rules.h"

namespace bise {
namespace {

using Rules = MistralRules;

constexpr MistralRules kV3 = {
    .layout = Layout::v3,
    .system_place = Rules::SystemPlace::in_last_user_turn,
    .tools_place = Rules::ToolsPlace::before_last_user_turn,
    .call_form = Rules::CallForm::json_list,
    .result_form = Rules::ResultForm::json_object,
    .chunk_join = "\n\n",
    .results_in_call_order = false,
    .truncates = false,
    .model_settings = false,
    .thinking_in_system = false,
    .thinking_in_assistant = false,
    .images_in_results = false,
    .content_beside_calls = false,
    .any_call_id = false,
    .results_name_calls = false,
};

constexpr MistralRules v7() {
  MistralRules rules = kV3;
  rules.layout = Layout::v7;
  rules.system_place = Rules::SystemPlace::where_it_stands;
  rules.result_form = Rules::ResultForm::id_and_content;
  rules.truncates = true;
  rules.content_beside_calls = true;
  return rules;
}

constexpr MistralRules v11() {
  MistralRules rules = v7();
  rules.layout = Layout::v11;
  rules.call_form = Rules::CallForm::name_id_arguments;
  rules.results_in_call_order = true;
  rules.results_name_calls = true;
  return rules;
}

constexpr MistralRules v13() {
  MistralRules rules = v11();
  rules.layout = Layout::v13;
  rules.tools_place = Rules::ToolsPlace::before_first_user_turn;
  rules.call_form = Rules::CallForm::name_arguments;
  rules.result_form = Rules::ResultForm::content;
  rules.thinking_in_system = true;
  rules.thinking_in_assistant = true;
  rules.any_call_id = true;
  return rules;
}

constexpr MistralRules v15() {
  MistralRules rules = v13();
  rules.layout = Layout::v15;
  rules.chunk_join = "";
  rules.model_settings = true;
  rules.thinking_in_system = false;
  rules.images_in_results = true;
  return rules;
}

constexpr MistralRules kAll[] = {kV3, v7(), v11(), v13(), v15()};

}  // namespace

const MistralRules* find_mistral_rules(Layout layout) {
  for (const MistralRules& rules : kAll) {
    if (rules.layout == layout) return &rules;
  }
  return nullptr;
}

}  // namespace bise
