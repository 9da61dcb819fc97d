#include "tokenizer/chat/chat_layout.h"

#include "tokenizer/chat/chatml_layout.h"
#include "tokenizer/chat/mistral_layout.h"

namespace bise {
namespace {

using Make = Result<std::unique_ptr<const ChatLayout>> (*)(Layout, const Tokenizer&,
                                                           const PromptSettings&);

struct Registered {
  Layout layout;
  Make make;
};

constexpr Registered kLayouts[] = {
    {Layout::v3, make_mistral_layout},  {Layout::v7, make_mistral_layout},
    {Layout::v11, make_mistral_layout}, {Layout::v13, make_mistral_layout},
    {Layout::v15, make_mistral_layout}, {Layout::chatml, make_chatml_layout},
};

}  // namespace

std::optional<ChatMode> find_chat_mode(std::string_view name) {
  if (name == "test") return ChatMode::test;
  if (name == "serving") return ChatMode::serving;
  if (name == "finetuning") return ChatMode::finetuning;
  if (name == "agnostic") return ChatMode::agnostic;
  return std::nullopt;
}

Result<std::unique_ptr<const ChatLayout>> make_chat_layout(Layout layout,
                                                           const Tokenizer& tokenizer,
                                                           const PromptSettings& settings) {
  for (const Registered& known : kLayouts) {
    if (known.layout == layout) return known.make(layout, tokenizer, settings);
  }
  return Error{ErrorCode::not_supported, "a layout that is not registered"};
}

std::vector<TokenId> end_ids(const ChatLayout* layout, const Tokenizer& tokenizer) {
  std::vector<TokenId> ids;
  if (layout != nullptr) ids.push_back(layout->answer_marks().end);
  const std::optional<TokenId> eos = tokenizer.eos_id();
  if (eos && (ids.empty() || ids.front() != *eos)) ids.push_back(*eos);
  return ids;
}

}  // namespace bise
