#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "tokenizer/chat/answer_parser.h"
#include "tokenizer/chat/chat_request.h"

namespace bise {

// What was said in a chat so far.
class Conversation {
 public:
  void set_system(std::optional<ChatMessage> message) { system_ = std::move(message); }
  const std::optional<ChatMessage>& system() const { return system_; }
  void set_tools(std::vector<ToolDefinition> tools) { tools_ = std::move(tools); }
  const std::vector<ToolDefinition>& tools() const { return tools_; }

  const std::vector<ChatMessage>& messages() const { return messages_; }
  bool empty() const { return messages_.empty(); }
  void clear() { messages_.clear(); }

  void add_user(const std::string& text);
  // The answer's segments become one message. Returns its tool calls, each with an id.
  std::vector<ToolCall> add_answer(const std::vector<AnswerSegment>& segments);
  void add_tool_result(const ToolCall& call, const std::string& text);
  // Takes back the last message if it is the user's: an answer that never began.
  void drop_unanswered();
  // Takes back the last answer, so that it can be given anew; false when there is none.
  bool drop_answer();
  // Takes back the last question and all that followed; false when there is none.
  bool drop_exchange();

  ChatRequest request() const;

  // What /save writes and /load reads: {"messages": [...], "tools": [...]} as API requests have
  // them, and whatever `extra` holds beside them.
  Json to_json() const;
  static Result<Conversation> from_json(const Json& json);

 private:
  std::optional<ChatMessage> system_;
  std::vector<ToolDefinition> tools_;
  std::vector<ChatMessage> messages_;
  int calls_made_ = 0;
};

// The plain text of a message, thoughts left out.
std::string message_text(const ChatMessage& message);

}  // namespace bise
