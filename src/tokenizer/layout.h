#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tokenizer/tokenizer.h"

namespace bise {

// How a conversation is laid out in tokens: the tokenizer versions of the Mistral family, oldest
// first (so that < means older), and the starter's ChatML.
enum class Layout { v3, v7, v11, v13, v15, chatml };

const char* layout_name(Layout layout);  // "v13", "chatml"
// The inverse, nothing for an unknown name.
std::optional<Layout> find_layout(std::string_view name);
// "v3, v7, v11, v13, v15, chatml": for messages.
std::string layout_names();

struct LayoutChoice {
  Layout layout;
  std::string reason;  // "the file has the token [THINK]"
};

// What a file without a version says about its layout. The template is searched for words and
// never run.
struct LayoutHints {
  std::string_view pre_tokenizer;  // tokenizer.ggml.pre; empty if not from a GGUF
  std::optional<std::string_view> chat_template;
};
LayoutChoice choose_layout(const Tokenizer& tokenizer, const LayoutHints& hints);

}  // namespace bise
