#include "models/model_tokenizer.h"

#include "base/remedy.h"
#include "base/text.h"

namespace bise {
namespace {

const Json* find_string(const Checkpoint& checkpoint, std::string_view key) {
  const Json* value = checkpoint.metadata().find(key);
  return value != nullptr && value->is_string() ? value : nullptr;
}

std::string_view string_or_empty(const Checkpoint& checkpoint, std::string_view key) {
  const Json* value = find_string(checkpoint, key);
  return value != nullptr ? std::string_view(value->as_string()) : std::string_view();
}

std::optional<std::int64_t> find_id(const Checkpoint& checkpoint, std::string_view key) {
  const Json* value = checkpoint.metadata().find(key);
  return value != nullptr ? value->to_int64() : std::nullopt;
}

bool has_gguf_tokenizer(const Checkpoint& checkpoint) {
  return checkpoint.form() == CheckpointForm::gguf && !checkpoint.gguf_tokenizer().tokens.empty();
}

Result<LoadedTokenizer> load_from_gguf(const Checkpoint& checkpoint) {
  const Checkpoint::GgufTokenizer& arrays = checkpoint.gguf_tokenizer();
  GgufTokenizerSource source = {.model = string_or_empty(checkpoint, "tokenizer.ggml.model"),
                                .pre = string_or_empty(checkpoint, "tokenizer.ggml.pre"),
                                .tokens = arrays.tokens,
                                .token_types = arrays.token_types,
                                .merges = arrays.merges,
                                .bos_id = find_id(checkpoint, "tokenizer.ggml.bos_token_id"),
                                .eos_id = find_id(checkpoint, "tokenizer.ggml.eos_token_id"),
                                .add_bos = std::nullopt,
                                .chat_template = std::nullopt};
  const Json* add_bos = checkpoint.metadata().find("tokenizer.ggml.add_bos_token");
  if (add_bos != nullptr && add_bos->is_bool()) source.add_bos = add_bos->as_bool();
  if (const Json* words = find_string(checkpoint, "tokenizer.chat_template")) {
    source.chat_template = words->as_string();
  }
  Result<LoadedTokenizer> loaded = load_gguf_tokenizer(source);
  if (loaded.ok()) return loaded;
  return with_remedy(std::move(loaded).error().in(quoted(checkpoint.path(), 400)),
                     checkpoint.path(), "take a model with a tekken or smollm tokenizer");
}

}  // namespace

Result<LoadedTokenizer> load_model_tokenizer(const Checkpoint& checkpoint) {
  if (has_gguf_tokenizer(checkpoint)) return load_from_gguf(checkpoint);
  Result<LoadedTokenizer> loaded = load_tokenizer(checkpoint.folder());
  if (loaded.ok() || loaded.error().code != ErrorCode::not_found) return loaded;
  const std::string_view lacks =
      checkpoint.form() == CheckpointForm::gguf
          ? ": holds no tokenizer, and no tekken.json or tokenizer.json lies beside it"
          : ": no tekken.json and no tokenizer.json in the folder";
  return Error{ErrorCode::not_found,
               concat(quoted(checkpoint.path(), 400), lacks,
                      "; put the model's there or take a GGUF with its tokenizer (show, score and "
                      "bench need none)")};
}

Result<void> check_gguf_tokenizer(const Checkpoint& checkpoint, int vocab_size) {
  if (checkpoint.form() != CheckpointForm::gguf) return {};
  const auto fail = [&](std::string_view what) {
    return Error{ErrorCode::corrupt_file, concat(quoted(checkpoint.path(), 400), ": ", what)};
  };
  if (const Json* model = find_string(checkpoint, "tokenizer.ggml.model")) {
    if (!is_known_gguf_tokenizer(model->as_string())) {
      return fail(concat("tokenizer.ggml.model is \"", quoted(model->as_string(), 40),
                         "\" (bise knows gpt2, llama and no_vocab)"));
    }
  }
  const std::size_t tokens = checkpoint.gguf_tokenizer().tokens.size();
  if (tokens != 0 && tokens != static_cast<std::size_t>(vocab_size)) {
    return fail(concat("tokenizer.ggml.tokens has ", tokens, " entries, the embedding table ",
                       vocab_size, " rows"));
  }
  return {};
}

}  // namespace bise
