#pragma once

#include <string_view>

#include "tokenizer/layout.h"

namespace bise {

// What distinguishes the layouts of the Mistral family from one another (mistral3-models.md §6.4
// to §6.7); everything else they share.
struct MistralRules {
  Layout layout;

  enum class SystemPlace { in_last_user_turn, where_it_stands } system_place;
  enum class ToolsPlace { before_last_user_turn, before_first_user_turn } tools_place;
  // [TOOL_CALLS][{"name", "arguments", "id"}, ...], or for each call name, [CALL_ID] id where the
  // layout has it, [ARGS] arguments.
  enum class CallForm { json_list, name_id_arguments, name_arguments } call_form;
  // {"content", "call_id"}, or id [TOOL_CONTENT] content, or the content alone.
  enum class ResultForm { json_object, id_and_content, content } result_form;

  std::string_view chunk_join;  // between text chunks of one message
  bool results_in_call_order;
  bool truncates;
  bool model_settings;
  bool thinking_in_system;
  bool thinking_in_assistant;
  bool images_in_results;

  bool content_beside_calls;
  bool any_call_id;         // else nine letters and digits
  bool results_name_calls;  // by id; else they are only counted
};

// Null for a layout of another family.
const MistralRules* find_mistral_rules(Layout layout);

}  // namespace bise
