#include "tokenizer/chat/chatml_layout.h"

#include <string>

#include "base/text.h"

namespace bise {
namespace {

constexpr std::string_view kDefaultSystem =
    "You are a helpful AI assistant named SmolLM, trained by Hugging Face";

class ChatmlLayout final : public ChatLayout {
 public:
  ChatmlLayout(const Tokenizer& tokenizer, TokenId start, TokenId end)
      : tokenizer_(tokenizer), start_(start), answer_marks_{} {
    answer_marks_.end = end;
  }

  Layout layout() const override { return Layout::chatml; }
  const AnswerMarks& answer_marks() const override { return answer_marks_; }

  Result<ChatPrompt> lay_out(const ChatRequest& request, const LayoutOptions&) const override {
    TRY_VOID(check(request));
    ChatPrompt prompt;
    if (request.messages.front().role != ChatRole::system) {
      begin_turn("system", kDefaultSystem, prompt);
      end_turn(prompt);
    }
    for (std::size_t i = 0; i < request.messages.size(); ++i) {
      const ChatMessage& message = request.messages[i];
      const std::string text = TRY(text_of(message, concat("messages.", i)));
      if (message.prefix) return continued(std::move(prompt), text);
      begin_turn(chat_role_name(message.role), text, prompt);
      end_turn(prompt);
    }
    begin_turn("assistant", "", prompt);
    return prompt;
  }

 private:
  void begin_turn(std::string_view role, std::string_view text, ChatPrompt& prompt) const {
    prompt.ids.push_back(start_);
    tokenizer_.encode(concat(role, "\n", text), prompt.ids);
  }
  void end_turn(ChatPrompt& prompt) const {
    prompt.ids.push_back(answer_marks_.end);
    tokenizer_.encode("\n", prompt.ids);
  }

  // The seam after the role stays a token border, so that the prefix has tokens of its own.
  ChatPrompt continued(ChatPrompt prompt, const std::string& text) const {
    begin_turn("assistant", "", prompt);
    prompt.prefix_ids.emplace();
    tokenizer_.encode(text, *prompt.prefix_ids);
    prompt.ids.insert(prompt.ids.end(), prompt.prefix_ids->begin(), prompt.prefix_ids->end());
    return prompt;
  }

  static Error refuse(std::string_view path, std::string_view what) {
    return Error{ErrorCode::not_supported, concat(path, ": ", what)};
  }

  static Result<void> check(const ChatRequest& request) {
    if (request.messages.empty()) {
      return refuse("messages", "empty; a conversation needs a message");
    }
    if (!request.tools.empty())
      return refuse("tools", "the layout chatml has none; leave them out");
    if (request.reasoning_effort) {
      return refuse("reasoning_effort", "the layout chatml has no such setting; leave it out");
    }
    if (request.truncate_for_context_length) {
      return refuse("truncate_for_context_length", "the layout chatml cannot; leave it out");
    }
    for (std::size_t i = 0; i < request.messages.size(); ++i) {
      const ChatMessage& message = request.messages[i];
      const std::string path = concat("messages.", i);
      if (message.role == ChatRole::tool || !message.tool_calls.empty()) {
        return refuse(path, "the layout chatml has no tool calls and results");
      }
      if (message.prefix && i + 1 < request.messages.size()) {
        return refuse(path, "prefix is for the last message only");
      }
    }
    return {};
  }

  static Result<std::string> text_of(const ChatMessage& message, const std::string& path) {
    std::string text;
    for (const ContentChunk& chunk : message.content) {
      const auto* words = std::get_if<TextChunk>(&chunk);
      if (words == nullptr) return refuse(path, "the layout chatml takes text only");
      text += words->text;
    }
    return text;
  }

  const Tokenizer& tokenizer_;
  TokenId start_;
  AnswerMarks answer_marks_;
};

}  // namespace

Result<std::unique_ptr<const ChatLayout>> make_chatml_layout(Layout, const Tokenizer& tokenizer,
                                                             const PromptSettings&) {
  const auto need = [&](std::string_view name) -> Result<TokenId> {
    const std::optional<TokenId> id = tokenizer.control_id(name);
    if (id) return *id;
    return Error{ErrorCode::not_supported,
                 concat("the layout chatml needs the control token ", name,
                        ", which this tokenizer has not; choose another layout")};
  };
  const TokenId start = TRY(need("<|im_start|>"));
  const TokenId end = TRY(need("<|im_end|>"));
  return std::unique_ptr<const ChatLayout>(std::make_unique<ChatmlLayout>(tokenizer, start, end));
}

}  // namespace bise
