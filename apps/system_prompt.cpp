#include "apps/system_prompt.h"

#include "base/mapped_file.h"

namespace bise {
namespace {

constexpr std::size_t kPromptBytesMax = 1 << 20;
constexpr std::time_t kDayS = 24 * 60 * 60;

std::string date_text(std::time_t time) {
  std::tm local = {};
  ::localtime_r(&time, &local);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d", &local);
  return text;
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
}

}  // namespace

ChatMessage system_message(std::string_view text, Layout layout) {
  constexpr std::string_view kOpen = "[THINK]";
  constexpr std::string_view kClose = "[/THINK]";
  ChatMessage message;
  message.role = ChatRole::system;
  const bool knows_thoughts = layout == Layout::v13 || layout == Layout::v15;
  const std::size_t open = knows_thoughts ? text.find(kOpen) : std::string_view::npos;
  const std::size_t close =
      open == std::string_view::npos ? open : text.find(kClose, open + kOpen.size());
  if (close == std::string_view::npos) {
    message.content.emplace_back(TextChunk{std::string(text)});
    return message;
  }
  const std::size_t begin = open + kOpen.size();
  if (open > 0) message.content.emplace_back(TextChunk{std::string(text.substr(0, open))});
  message.content.emplace_back(ThinkingChunk{std::string(text.substr(begin, close - begin)), true});
  const std::string_view rest = text.substr(close + kClose.size());
  if (!rest.empty()) message.content.emplace_back(TextChunk{std::string(rest)});
  return message;
}

std::optional<std::string> shipped_system_prompt(const Checkpoint& checkpoint,
                                                 const std::string& model_name, std::time_t now) {
  if (checkpoint.form() == CheckpointForm::gguf) return {};
  auto text = read_text_file(checkpoint.folder() + "/SYSTEM_PROMPT.txt", kPromptBytesMax);
  if (!text.ok() || text->empty()) return {};
  replace_all(*text, "{name}", model_name);
  replace_all(*text, "{today}", date_text(now));
  replace_all(*text, "{yesterday}", date_text(now - kDayS));
  return std::move(*text);
}

}  // namespace bise
