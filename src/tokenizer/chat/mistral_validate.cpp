#include "tokenizer/chat/mistral_validate.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "tokenizer/chat/json_schema.h"

namespace bise {
namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Python's $ lets one newline pass at the end.
std::string_view without_last_newline(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

bool is_function_name(std::string_view name) {
  name = without_last_newline(name);
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return is_letter_or_digit(c) || c == '_' || c == '-';
  });
}

bool is_short_call_id(std::string_view id) {
  id = without_last_newline(id);
  return id.size() == 9 && std::all_of(id.begin(), id.end(), is_letter_or_digit);
}

bool is_last_of(const std::vector<ChatMessage>& messages, std::size_t index) {
  return index + 1 == messages.size();
}

class Validator {
 public:
  Validator(const MistralRules& rules, const ChatRequest& request, ChatMode mode)
      : rules_(rules), request_(request), messages_(request.messages), mode_(mode) {}

  Result<void> check_all() const {
    if (mode_ == ChatMode::serving && !request_.model) {
      return refuse("model", "a server's request must name the model");
    }
    TRY_VOID(check_ends());
    TRY_VOID(check_order());
    TRY_VOID(rules_.results_name_calls ? check_results_by_id() : check_results_by_count());
    for (std::size_t i = 0; i < messages_.size(); ++i) TRY_VOID(check_message(i));
    for (std::size_t i = 0; i < request_.tools.size(); ++i) TRY_VOID(check_tool(i));
    if (request_.reasoning_effort && !rules_.model_settings) {
      return refuse("reasoning_effort", concat("the layout ", layout_name(rules_.layout),
                                               " has no such setting; leave it out"));
    }
    return {};
  }

 private:
  static Error refuse(std::string_view path, std::string_view what) {
    return Error{ErrorCode::invalid_argument, concat(path, ": ", what)};
  }
  std::string name_of(std::size_t index) const {
    return concat("messages.", index, " (", chat_role_name(messages_[index].role), ")");
  }
  bool of_training() const { return mode_ == ChatMode::finetuning || mode_ == ChatMode::agnostic; }

  Result<void> check_ends() const;
  Result<void> check_order() const;
  Result<void> check_results_by_count() const;
  Result<void> check_results_by_id() const;
  Result<void> check_message(std::size_t index) const;
  Result<void> check_chunks(std::size_t index) const;
  Result<void> check_assistant(std::size_t index) const;
  Result<void> check_call_id(std::size_t index, const std::string& path,
                             const std::string& id) const;
  Result<void> check_result(std::size_t index) const;
  Result<void> check_tool(std::size_t index) const;

  const MistralRules& rules_;
  const ChatRequest& request_;
  const std::vector<ChatMessage>& messages_;
  ChatMode mode_;
};

Result<void> Validator::check_ends() const {
  if (messages_.empty()) return refuse("messages", "empty; a conversation needs a message");
  const std::size_t last_index = messages_.size() - 1;
  const ChatMessage& last = messages_.back();
  if (messages_.size() == 1) {
    if (last.role != ChatRole::user && last.role != ChatRole::system) {
      return refuse(name_of(0), "a lone message must be the user's or the system's");
    }
    if (mode_ != ChatMode::finetuning) return {};
  }
  if (mode_ == ChatMode::agnostic) return {};
  if (mode_ == ChatMode::finetuning) {
    if (last.role != ChatRole::assistant) {
      return refuse(name_of(last_index), "for training the last message must be the assistant's");
    }
    if (last.prefix) {
      return refuse(name_of(last_index), "for training the last message cannot be a prefix");
    }
  } else if (last.role == ChatRole::assistant && !last.prefix) {
    return refuse(name_of(last_index),
                  "nothing is left to answer; end with a user or tool message, or set prefix to "
                  "have this one continued");
  }
  return {};
}

Result<void> Validator::check_order() const {
  for (std::size_t i = 1; i < messages_.size(); ++i) {
    const ChatRole before = messages_[i - 1].role, role = messages_[i].role;
    const bool after_request = before == ChatRole::system || before == ChatRole::user;
    const ChatRole forbidden = after_request ? ChatRole::tool : ChatRole::system;
    if (role == forbidden) {
      return refuse(name_of(i), concat("such a message cannot follow one of the ",
                                       chat_role_name(before), "'s"));
    }
  }
  return {};
}

// The first message is not looked at, whatever it is: so does mistral-common.
Result<void> Validator::check_results_by_count() const {
  std::int64_t expected = 0;
  for (std::size_t i = 1; i < messages_.size(); ++i) {
    if (messages_[i].role == ChatRole::tool) {
      --expected;
    } else if (messages_[i].role == ChatRole::assistant) {
      if (expected != 0) {
        return refuse(name_of(i), "before it stand not as many tool results as tool calls");
      }
      expected = static_cast<std::int64_t>(messages_[i].tool_calls.size());
    }
  }
  const bool refused = (expected != 0 && mode_ == ChatMode::serving) ||
                       (expected < 0 && mode_ == ChatMode::finetuning);
  if (refused) return refuse("messages", "there are not as many tool results as tool calls");
  return {};
}

Result<void> Validator::check_results_by_id() const {
  std::set<std::string_view> called, answered;
  for (std::size_t i = 1; i < messages_.size(); ++i) {
    const ChatMessage& message = messages_[i];
    if (message.role == ChatRole::tool) {
      if (!message.tool_call_id || !called.contains(*message.tool_call_id)) {
        return refuse(name_of(i), "its tool_call_id names no call of the assistant message before");
      }
      if (!answered.insert(*message.tool_call_id).second) {
        return refuse(name_of(i), "a result for this tool_call_id was given before");
      }
    } else if (message.role == ChatRole::assistant) {
      if (called.size() != answered.size()) {
        return refuse(name_of(i), "tool calls before it have no result yet");
      }
      called.clear();
      answered.clear();
      for (const ToolCall& call : message.tool_calls) {
        if (called.insert(call.id).second) continue;
        return refuse(name_of(i), concat("two tool calls have the id '", quoted(call.id, 40), "'"));
      }
    }
  }
  if (called.size() != answered.size() && mode_ == ChatMode::serving) {
    return refuse("messages", "the last tool calls have no result yet");
  }
  return {};
}

Result<void> Validator::check_message(std::size_t index) const {
  TRY_VOID(check_chunks(index));
  if (messages_[index].role == ChatRole::assistant) return check_assistant(index);
  if (messages_[index].role == ChatRole::tool) return check_result(index);
  return {};
}

Result<void> Validator::check_chunks(std::size_t index) const {
  const ChatMessage& message = messages_[index];
  const bool thinking = message.role == ChatRole::system      ? rules_.thinking_in_system
                        : message.role == ChatRole::assistant ? rules_.thinking_in_assistant
                                                              : false;
  const bool images = message.role == ChatRole::user   ? true
                      : message.role == ChatRole::tool ? rules_.images_in_results
                                                       : false;
  for (std::size_t i = 0; i < message.content.size(); ++i) {
    const ContentChunk& chunk = message.content[i];
    const std::string_view kind = std::holds_alternative<ImageChunk>(chunk)      ? "an image"
                                  : std::holds_alternative<ThinkingChunk>(chunk) ? "thinking"
                                                                                 : "";
    const bool fine = kind.empty() || (kind == "an image" ? images : thinking);
    if (fine) continue;
    return refuse(name_of(index), concat("content.", i, " is ", kind, ", which the layout ",
                                         layout_name(rules_.layout), " has no place for here"));
  }
  return {};
}

Result<void> Validator::check_assistant(std::size_t index) const {
  const ChatMessage& message = messages_[index];
  if (!rules_.content_beside_calls && message.content.empty() == message.tool_calls.empty()) {
    return refuse(name_of(index), concat("the layout ", layout_name(rules_.layout),
                                         " takes either content or tool_calls, and one of them"));
  }
  for (std::size_t i = 0; i < message.tool_calls.size(); ++i) {
    const ToolCall& call = message.tool_calls[i];
    const std::string path = concat(name_of(index), " tool_calls.", i);
    TRY_VOID(check_call_id(index, path, call.id));
    if (!is_function_name(call.name)) {
      return refuse(path, concat("the function name '", quoted(call.name, 70),
                                 "' is not 1 to 64 of a-z, A-Z, 0-9, _ and -"));
    }
  }
  if (of_training() && message.weight && *message.weight != 0 && *message.weight != 1) {
    return refuse(name_of(index), "its weight must be 0 or 1");
  }
  if (message.prefix && !is_last_of(messages_, index)) {
    return refuse(name_of(index), "prefix is for the last message only");
  }
  return {};
}

Result<void> Validator::check_call_id(std::size_t index, const std::string& path,
                                      const std::string& id) const {
  if (rules_.any_call_id) {
    if (!id.empty() && id != kNullToolCallId) return {};
    return refuse(path, "it needs an id that is neither empty nor 'null'");
  }
  if (id == kNullToolCallId) {
    if (of_training() && is_last_of(messages_, index)) return {};
    return refuse(path, "it needs an id of nine letters and digits");
  }
  if (is_short_call_id(id)) return {};
  return refuse(path, concat("the id '", quoted(id, 40), "' is not nine letters and digits"));
}

Result<void> Validator::check_result(std::size_t index) const {
  const ChatMessage& message = messages_[index];
  if (message.tool_name && !is_function_name(*message.tool_name)) {
    return refuse(name_of(index), concat("the name '", quoted(*message.tool_name, 70),
                                         "' is not 1 to 64 of a-z, A-Z, 0-9, _ and -"));
  }
  const std::string id = message.tool_call_id.value_or("");
  if (rules_.any_call_id) {
    if (!id.empty() && id != kNullToolCallId) return {};
    return refuse(name_of(index), "it needs a tool_call_id that is neither empty nor 'null'");
  }
  if (is_short_call_id(id)) return {};
  return refuse(name_of(index),
                concat("the tool_call_id '", quoted(id, 40), "' is not nine letters and digits"));
}

Result<void> Validator::check_tool(std::size_t index) const {
  const ToolDefinition& tool = request_.tools[index];
  const std::string path = concat("tools.", index, ".function");
  TRY_VOID(check_draft7_schema(tool.parameters, path + ".parameters"));
  if (is_function_name(tool.name)) return {};
  return refuse(path, concat("the name '", quoted(tool.name, 70),
                             "' is not 1 to 64 of a-z, A-Z, 0-9, _ and -"));
}

}  // namespace

Result<void> validate_mistral_request(const MistralRules& rules, const ChatRequest& request,
                                      ChatMode mode) {
  return Validator(rules, request, mode).check_all();
}

}  // namespace bise
