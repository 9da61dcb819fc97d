#include "tokenizer/layout.h"

#include <array>

#include "base/text.h"

namespace bise {
namespace {

struct NamedLayout {
  Layout layout;
  const char* name;
};
constexpr std::array<NamedLayout, 6> kLayouts = {{{Layout::v3, "v3"},
                                                  {Layout::v7, "v7"},
                                                  {Layout::v11, "v11"},
                                                  {Layout::v13, "v13"},
                                                  {Layout::v15, "v15"},
                                                  {Layout::chatml, "chatml"}}};

}  // namespace

const char* layout_name(Layout layout) {
  for (const NamedLayout& known : kLayouts) {
    if (known.layout == layout) return known.name;
  }
  return "unknown";
}

std::optional<Layout> find_layout(std::string_view name) {
  for (const NamedLayout& known : kLayouts) {
    if (known.name == name) return known.layout;
  }
  return std::nullopt;
}

std::string layout_names() {
  std::string names;
  for (const NamedLayout& known : kLayouts) {
    if (!names.empty()) names.append(", ");
    names.append(known.name);
  }
  return names;
}

// The order matters: a newer layout has the older ones' tokens too. v3 and v7 have the same tokens.
LayoutChoice choose_layout(const Tokenizer& tokenizer, const LayoutHints& hints) {
  const auto has_token = [&](std::string_view name) {
    return tokenizer.control_id(name).has_value();
  };
  const auto template_says = [&](std::string_view word) {
    return hints.chat_template && hints.chat_template->find(word) != std::string_view::npos;
  };
  if (hints.pre_tokenizer == "smollm") {
    return {Layout::chatml, "tokenizer.ggml.pre is smollm"};
  }
  if (has_token("<|im_start|>")) return {Layout::chatml, "the file has the token <|im_start|>"};
  if (has_token("[MODEL_SETTINGS]")) {
    return {Layout::v15, "the file has the token [MODEL_SETTINGS]"};
  }
  if (has_token("[THINK]")) return {Layout::v13, "the file has the token [THINK]"};
  if (template_says("[ARGS]") && !template_says("[CALL_ID]")) {
    return {Layout::v13, "the chat template has [ARGS] and no [CALL_ID]"};
  }
  if (has_token("[ARGS]")) return {Layout::v11, "the file has the token [ARGS] and none newer"};
  if (!hints.chat_template)
    return {Layout::v7, "the file has no chat template and no newer tokens"};
  if (template_says("[SYSTEM_PROMPT]")) {
    return {Layout::v7, "the chat template has [SYSTEM_PROMPT] and the file no newer tokens"};
  }
  return {Layout::v3, "the chat template has no [SYSTEM_PROMPT] and the file no newer tokens"};
}

}  // namespace bise
