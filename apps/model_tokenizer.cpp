#include "apps/model_tokenizer.h"

#include "base/text.h"

namespace bise {
namespace {

std::string_view text_of(const Json& metadata, std::string_view key) {
  const Json* value = metadata.find(key);
  return value != nullptr && value->is_string() ? std::string_view(value->as_string())
                                                : std::string_view();
}

std::optional<std::int64_t> integer_of(const Json& metadata, std::string_view key) {
  const Json* value = metadata.find(key);
  return value != nullptr ? value->to_int64() : std::nullopt;
}

Result<LoadedTokenizer> load_from_gguf(const Checkpoint& checkpoint) {
  const Json& metadata = checkpoint.metadata();
  const Checkpoint::GgufTokenizer& arrays = checkpoint.gguf_tokenizer();
  const Json* add_bos = metadata.find("tokenizer.ggml.add_bos_token");
  const Json* chat_template = metadata.find("tokenizer.chat_template");
  GgufTokenizerSource source = {
      .model = text_of(metadata, "tokenizer.ggml.model"),
      .pre = text_of(metadata, "tokenizer.ggml.pre"),
      .tokens = arrays.tokens,
      .token_types = arrays.token_types,
      .merges = arrays.merges,
      .bos_id = integer_of(metadata, "tokenizer.ggml.bos_token_id"),
      .eos_id = integer_of(metadata, "tokenizer.ggml.eos_token_id"),
      .add_bos = {},
      .chat_template = {},
  };
  if (add_bos != nullptr && add_bos->is_bool()) source.add_bos = add_bos->as_bool();
  if (chat_template != nullptr && chat_template->is_string()) {
    source.chat_template = chat_template->as_string();
  }
  auto loaded = load_gguf_tokenizer(source);
  if (!loaded.ok()) return std::move(loaded).error().in(quoted(checkpoint.path(), 400));
  return loaded;
}

}  // namespace

Result<void> override_layout(PromptSettings& settings, const std::string& layout) {
  if (layout.empty()) return {};
  const std::optional<Layout> found = find_layout(layout);
  if (!found) {
    return Error{ErrorCode::invalid_argument,
                 concat("--layout \"", quoted(layout), "\" is unknown: ", layout_names())};
  }
  settings.layout = *found;
  settings.layout_reason = "--layout";
  return {};
}

Result<LoadedTokenizer> load_model_tokenizer(const Checkpoint& checkpoint,
                                             const std::string& layout) {
  auto loaded = checkpoint.form() == CheckpointForm::gguf ? load_from_gguf(checkpoint)
                                                          : load_tokenizer(checkpoint.folder());
  if (!loaded.ok()) return loaded;
  TRY_VOID(override_layout(loaded->settings, layout));
  return loaded;
}

}  // namespace bise
