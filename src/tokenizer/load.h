#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "tokenizer/prompt_settings.h"
#include "tokenizer/tokenizer.h"

namespace bise {

struct LoadedTokenizer {
  std::unique_ptr<const Tokenizer> tokenizer;
  PromptSettings settings;
  std::string description;  // "tekken.json v13, 131072 tokens, 1000 of them control tokens"
};

// The text of a tekken.json (its rules: mistral-common's).
Result<LoadedTokenizer> load_tekken(std::string_view json);

// The text of a Hugging Face tokenizer.json of this family, and what lies beside it.
struct HfTokenizerSource {
  std::string_view tokenizer_json;
  std::string_view config_json;    // tokenizer_config.json, empty if there is none
  std::string_view chat_template;  // chat_template.jinja, empty if there is none
};
Result<LoadedTokenizer> load_hf_tokenizer(const HfTokenizerSource& source);

// The tokenizer keys of a GGUF file. Everything is copied that is needed later.
struct GgufTokenizerSource {
  std::string_view model;                     // tokenizer.ggml.model
  std::string_view pre;                       // tokenizer.ggml.pre
  std::span<const std::string_view> tokens;   // tokenizer.ggml.tokens
  std::span<const std::int32_t> token_types;  // tokenizer.ggml.token_type
  std::span<const std::string_view> merges;   // tokenizer.ggml.merges
  std::optional<std::int64_t> bos_id, eos_id;
  std::optional<bool> add_bos;
  std::optional<std::string_view> chat_template;
};
Result<LoadedTokenizer> load_gguf_tokenizer(const GgufTokenizerSource& source);

// False for a value of tokenizer.ggml.model that no file of ours can hold ("gpt2", "llama" and
// "no_vocab" can, and so can none). A file may be scored without its tokenizer, but not if it lies
// about what it is.
bool is_known_gguf_tokenizer(std::string_view model);

// A tekken.json or tokenizer.json (told by content), or a folder that holds one of them.
Result<LoadedTokenizer> load_tokenizer(const std::string& path);

}  // namespace bise
