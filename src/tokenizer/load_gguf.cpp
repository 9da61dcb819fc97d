#include <algorithm>
#include <string>
#include <utility>

#include "base/text.h"
#include "tokenizer/bpe_tokenizer.h"
#include "tokenizer/byte_alphabet.h"
#include "tokenizer/load.h"
#include "tokenizer/merge_list.h"
#include "tokenizer/tekken_settings.h"

namespace bise {
namespace {

// tokenizer.ggml.token_type. Only normal tokens are produced by text; 2 unknown, 3 control,
// 4 user-defined, 5 unused and 6 byte (of SentencePiece) are not.
constexpr std::int32_t kNormal = 1;

Error corrupt(std::string message) {
  return Error{ErrorCode::corrupt_file, std::move(message)};
}

Result<PreTokenizer> choose_pre_tokenizer(const GgufTokenizerSource& source) {
  if (source.model == "llama") {
    return Error{
        ErrorCode::not_supported,
        "tokenizer.ggml.model is \"llama\": SentencePiece tokenizers (Mistral 7B, Mixtral) "
        "are not supported; the weights still work with show, score and bench"};
  }
  if (source.model.empty() || source.model == "no_vocab") {
    return Error{ErrorCode::not_found,
                 "the file holds no tokenizer; the weights still work with show, score and bench"};
  }
  if (source.model != "gpt2") {
    return Error{ErrorCode::not_supported, concat("tokenizer.ggml.model \"", quoted(source.model),
                                                  "\" is unknown (gpt2 is supported)")};
  }
  if (source.pre == "tekken") return PreTokenizer::tekken;
  if (source.pre == "smollm") return PreTokenizer::smollm;
  return Error{ErrorCode::not_supported, concat("tokenizer.ggml.pre \"", quoted(source.pre),
                                                "\" is not supported (tekken and smollm are)")};
}

Result<void> check_counts(const GgufTokenizerSource& source) {
  if (source.tokens.empty()) return corrupt("tokenizer.ggml.tokens is missing or empty");
  if (source.tokens.size() > Vocabulary::kTokensMax) {
    return corrupt(concat("tokenizer.ggml.tokens: implausible count ", source.tokens.size()));
  }
  if (source.token_types.size() != source.tokens.size()) {
    return corrupt(concat("tokenizer.ggml.token_type has ", source.token_types.size(),
                          " entries for ", source.tokens.size(), " tokens"));
  }
  std::size_t bytes = 0;
  for (const std::string_view token : source.tokens) bytes += token.size();
  if (bytes > Vocabulary::kBytesMax) return corrupt("tokenizer.ggml.tokens: implausibly long");
  return {};
}

Result<std::optional<TokenId>> check_id(std::string_view key, std::optional<std::int64_t> id,
                                        std::size_t count) {
  if (!id) return std::optional<TokenId>();
  if (*id < 0 || *id >= static_cast<std::int64_t>(count)) {
    return corrupt(concat(key, " is ", *id, ", outside the vocabulary of ", count, " tokens"));
  }
  return std::optional<TokenId>(static_cast<TokenId>(*id));
}

// A normal token that is not written in the byte alphabet keeps its text and is never produced.
void add_tokens(const GgufTokenizerSource& source, Vocabulary& vocabulary) {
  std::size_t bytes_total = 0;
  for (const std::string_view token : source.tokens) bytes_total += token.size();
  vocabulary.reserve(source.tokens.size(), bytes_total);
  std::string bytes;
  for (std::size_t id = 0; id < source.tokens.size(); ++id) {
    bytes.clear();
    const bool is_normal = source.token_types[id] == kNormal &&
                           append_alphabet_bytes(bytes, source.tokens[id]) && !bytes.empty();
    vocabulary.add(is_normal ? std::string_view(bytes) : source.tokens[id], !is_normal);
  }
}

// A tekken vocabulary as its converters write it: special tokens, then the ranks, the 256 single
// bytes first. Then ids are in the order of ranks, and the merges say nothing that they do not.
bool is_in_rank_order(const Vocabulary& vocabulary) {
  TokenId first = 0;
  while (first < vocabulary.size() && vocabulary.is_control(first)) ++first;
  for (int byte = 0; byte < 256; ++byte) {
    const char key = static_cast<char>(byte);
    if (vocabulary.is_control(first + byte)) return false;
    if (vocabulary.bytes(first + byte) != std::string_view(&key, 1)) return false;
  }
  return true;
}

Result<MergeList> read_merges(std::span<const std::string_view> merges,
                              const Vocabulary& vocabulary) {
  if (merges.empty()) {
    return corrupt(
        "tokenizer.ggml.merges is missing, and the tokens are not in the order of a "
        "tekken vocabulary, which could replace it");
  }
  if (merges.size() > MergeReader::kMergesMax) {
    return corrupt("tokenizer.ggml.merges: implausibly many");
  }
  MergeReader reader(vocabulary, merges.size());
  for (std::size_t i = 0; i < merges.size(); ++i) {
    const auto added = reader.add(merges[i]);
    if (!added.ok()) {
      return Error(added.error()).in(concat("tokenizer.ggml.merges[", i, "]"));
    }
  }
  return std::move(reader).list();
}

}  // namespace

bool is_known_gguf_tokenizer(std::string_view model) {
  return model.empty() || model == "gpt2" || model == "llama" || model == "no_vocab";
}

Result<LoadedTokenizer> load_gguf_tokenizer(const GgufTokenizerSource& source) {
  BpeParts parts;
  parts.pre_tokenizer = TRY(choose_pre_tokenizer(source));
  TRY_VOID(check_counts(source));
  parts.bos_id = TRY(check_id("tokenizer.ggml.bos_token_id", source.bos_id, source.tokens.size()));
  parts.eos_id = TRY(check_id("tokenizer.ggml.eos_token_id", source.eos_id, source.tokens.size()));
  add_tokens(source, parts.vocabulary);
  parts.vocabulary.index();

  const bool is_tekken = parts.pre_tokenizer == PreTokenizer::tekken;
  LoadedTokenizer loaded;
  loaded.description = concat("GGUF, ", source.pre, ", ", parts.vocabulary.size(), " tokens, ",
                              parts.vocabulary.control_count(), " of them special");
  if (is_tekken && is_in_rank_order(parts.vocabulary)) {
    loaded.tokenizer = make_rank_tokenizer(std::move(parts));
  } else {
    MergeList merges = TRY(read_merges(source.merges, parts.vocabulary));
    loaded.tokenizer =
        make_merge_tokenizer(std::move(parts), std::move(merges),
                             is_tekken ? WholePieces::look_up_first : WholePieces::merge);
  }
  loaded.settings = settings_from_hints(
      *loaded.tokenizer, {.pre_tokenizer = source.pre, .chat_template = source.chat_template});
  loaded.settings.add_bos = source.add_bos.value_or(is_tekken);
  return loaded;
}

}  // namespace bise
