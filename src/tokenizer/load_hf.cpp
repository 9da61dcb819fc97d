#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "tokenizer/bpe_tokenizer.h"
#include "tokenizer/byte_alphabet.h"
#include "tokenizer/json_cursor.h"
#include "tokenizer/load.h"
#include "tokenizer/merge_list.h"
#include "tokenizer/tekken_settings.h"

namespace bise {
namespace {

Error corrupt(std::string message) {
  return Error{ErrorCode::corrupt_file, std::move(message)};
}
Error unsupported(std::string message) {
  return Error{ErrorCode::not_supported, std::move(message)};
}

// The whole values of the members that matter, as text; empty where there is none or null.
struct Sections {
  std::string_view added_tokens, normalizer, pre_tokenizer, model;
  std::string_view type, vocab, merges, ignore_merges;  // of the model
};

struct NamedSection {
  std::string_view name;
  std::string_view* value;
};

Result<void> split_object(std::string_view text, std::span<const NamedSection> known) {
  JsonCursor cursor(text);
  std::string_view key;
  for (bool first = true; TRY(cursor.next_member(first, key));) {
    const std::string_view value = TRY(cursor.raw());
    for (const auto& [name, section] : known) {
      if (key == name) *section = value == "null" ? std::string_view() : value;
    }
  }
  return cursor.expect_end();
}

Result<Sections> split_sections(std::string_view text) {
  Sections sections;
  const NamedSection top[] = {{"added_tokens", &sections.added_tokens},
                              {"normalizer", &sections.normalizer},
                              {"pre_tokenizer", &sections.pre_tokenizer},
                              {"model", &sections.model}};
  TRY_VOID(split_object(text, top));
  if (sections.model.empty()) return corrupt("it has no \"model\"");
  const NamedSection model[] = {{"type", &sections.type},
                                {"vocab", &sections.vocab},
                                {"merges", &sections.merges},
                                {"ignore_merges", &sections.ignore_merges}};
  TRY_VOID(split_object(sections.model, model));
  if (sections.type != "\"BPE\"" && !sections.type.empty()) {
    return unsupported(concat("model.type ", quoted(sections.type), " is not supported (BPE is)"));
  }
  if (sections.vocab.empty()) return corrupt("model.vocab is missing");
  if (sections.merges.empty()) return corrupt("model.merges is missing");
  return sections;
}

// Sequences of sequences, as the plain list of their steps. `list`: the member that holds them.
void flatten(const Json& step, std::string_view list, std::vector<const Json*>& steps) {
  const Json* type = step.find("type");
  const Json* inner = step.find(list);
  if (type == nullptr || !(*type == Json("Sequence")) || inner == nullptr || !inner->is_array()) {
    steps.push_back(&step);
    return;
  }
  for (const Json& item : inner->items()) flatten(item, list, steps);
}

bool says(const Json& object, std::string_view key, const Json& value) {
  const Json* member = object.find(key);
  return member != nullptr && *member == value;
}

bool is_tekken_split(const Json& step) {
  const Json* pattern = step.find("pattern");
  return says(step, "type", "Split") && says(step, "behavior", "Isolated") &&
         !says(step, "invert", true) && pattern != nullptr &&
         says(*pattern, "Regex", kTekkenPattern);
}

Result<PreTokenizer> read_pre_tokenizer(const Sections& sections) {
  if (!sections.normalizer.empty()) {
    const Json normalizer = TRY(read_json(sections.normalizer));
    std::vector<const Json*> steps;
    flatten(normalizer, "normalizers", steps);
    if (!steps.empty()) return unsupported("a normalizer is not supported");
  }
  if (sections.pre_tokenizer.empty()) return unsupported("without a pre_tokenizer");
  const Json json = TRY(read_json(sections.pre_tokenizer));
  std::vector<const Json*> steps;
  flatten(json, "pretokenizers", steps);
  if (steps.size() == 2 && says(*steps[1], "type", "ByteLevel") &&
      !says(*steps[1], "add_prefix_space", true)) {
    const bool has_gpt2_pattern = !says(*steps[1], "use_regex", false);
    if (!has_gpt2_pattern && is_tekken_split(*steps[0])) return PreTokenizer::tekken;
    if (has_gpt2_pattern && says(*steps[0], "type", "Digits") &&
        says(*steps[0], "individual_digits", true)) {
      return PreTokenizer::smollm;
    }
  }
  return unsupported(
      "the pre_tokenizer is neither tekken's pattern nor single digits and GPT-2's pattern");
}

struct NamedId {
  std::string_view text;
  TokenId id;
};

// Names with escapes are kept in `undone`, whose strings do not move.
using Undone = std::vector<std::unique_ptr<std::string>>;

Result<TokenId> check_id(std::int64_t id, std::string_view where) {
  if (id < 0 || id >= static_cast<std::int64_t>(Vocabulary::kTokensMax)) {
    return corrupt(concat(where, ": implausible id ", id));
  }
  return static_cast<TokenId>(id);
}

std::string_view keep(std::string_view text, std::string& scratch, Undone& undone) {
  if (text.data() != scratch.data()) return text;
  undone.push_back(std::make_unique<std::string>(std::move(scratch)));
  return *undone.back();
}

Result<std::vector<NamedId>> read_vocab(std::string_view text, Undone& undone) {
  std::vector<NamedId> tokens;
  JsonCursor cursor(text);
  std::string scratch;
  std::string_view key;
  for (bool first = true; TRY(cursor.next_member(first, key));) {
    JsonCursor key_cursor(std::string_view(key.data() - 1, key.size() + 2));
    const std::string_view name = TRY(key_cursor.string(scratch));
    const TokenId id = TRY(check_id(TRY(cursor.integer()), "model.vocab"));
    tokens.push_back({keep(name, scratch, undone), id});
  }
  return tokens;
}

Result<std::vector<NamedId>> read_added_tokens(std::string_view text, Undone& undone) {
  std::vector<NamedId> tokens;
  if (text.empty()) return tokens;
  JsonCursor cursor(text);
  std::string scratch;
  for (bool first_item = true; TRY(cursor.next_item(first_item));) {
    NamedId token = {{}, kNoToken};
    std::string_view key;
    for (bool first = true; TRY(cursor.next_member(first, key));) {
      if (key == "id") {
        token.id = TRY(check_id(TRY(cursor.integer()), "added_tokens"));
      } else if (key == "content") {
        token.text = keep(TRY(cursor.string(scratch)), scratch, undone);
      } else {
        (void)TRY(cursor.raw());
      }
    }
    if (token.id == kNoToken || token.text.empty()) {
      return corrupt(concat("added_tokens[", tokens.size(), "]: no id or no content"));
    }
    tokens.push_back(token);
  }
  return tokens;
}

// Added tokens are control tokens, also where the file calls them not special: text never
// produces them.
Result<void> add_tokens(const Sections& sections, Vocabulary& vocabulary) {
  Undone undone;
  const auto tokens = TRY(read_vocab(sections.vocab, undone));
  const auto added = TRY(read_added_tokens(sections.added_tokens, undone));
  struct Entry {
    std::string_view text;
    bool is_control = true;
  };
  std::vector<Entry> entries(tokens.size() + added.size());
  std::size_t count = 0, byte_count = 0;
  const auto place = [&](const NamedId& token, bool is_control) {
    if (static_cast<std::size_t>(token.id) >= entries.size()) return false;
    entries[token.id] = {token.text, is_control};
    count = std::max(count, static_cast<std::size_t>(token.id) + 1);
    byte_count += token.text.size();
    return true;
  };
  for (const NamedId& token : tokens) {
    if (!place(token, false)) return corrupt(concat("model.vocab: id ", token.id, " leaves a gap"));
  }
  for (const NamedId& token : added) {
    if (!place(token, true)) return corrupt(concat("added_tokens: id ", token.id, " leaves a gap"));
  }
  vocabulary.reserve(count, byte_count);
  std::string bytes;
  for (std::size_t id = 0; id < count; ++id) {
    const Entry& entry = entries[id];
    bytes.clear();
    const bool is_normal =
        !entry.is_control && append_alphabet_bytes(bytes, entry.text) && !bytes.empty();
    vocabulary.add(is_normal ? std::string_view(bytes) : entry.text, !is_normal);
  }
  vocabulary.index();
  return {};
}

// Each merge is "left right" or ["left", "right"].
Result<MergeList> read_merges(std::string_view text, const Vocabulary& vocabulary) {
  // The usual number of merges is two for each token.
  MergeReader reader(vocabulary, 2 * static_cast<std::size_t>(vocabulary.size()));
  JsonCursor cursor(text);
  std::string scratch, left;
  std::size_t index = 0;
  const auto read_one = [&]() -> Result<void> {
    if (cursor.peek() != '[') return reader.add(TRY(cursor.string(scratch)));
    bool first = true;
    if (!TRY(cursor.next_item(first))) return corrupt("expected two pieces");
    left = TRY(cursor.string(scratch));
    if (!TRY(cursor.next_item(first))) return corrupt("expected two pieces");
    TRY_VOID(reader.add(left, TRY(cursor.string(scratch))));
    if (TRY(cursor.next_item(first))) return corrupt("expected two pieces");
    return {};
  };
  for (bool first = true; TRY(cursor.next_item(first)); ++index) {
    if (index == MergeReader::kMergesMax) return corrupt("model.merges: implausibly many");
    auto added = read_one();
    if (!added.ok()) return std::move(added).error().in(concat("model.merges[", index, "]"));
  }
  return std::move(reader).list();
}

struct Config {
  std::string bos_name, eos_name;
  std::optional<std::string> chat_template;
  std::optional<bool> add_bos;
};

// A token as tokenizer_config.json writes it: its name, or an object with "content".
std::string token_name(const Json& config, std::string_view key) {
  const Json* token = config.find(key);
  if (token != nullptr && token->is_object()) token = token->find("content");
  return token != nullptr && token->is_string() ? token->as_string() : std::string();
}

Result<Config> read_config(const HfTokenizerSource& source) {
  Config config;
  if (!source.config_json.empty()) {
    const auto json = read_json(source.config_json);
    if (!json.ok()) return Error(json.error()).in("tokenizer_config.json");
    config.bos_name = token_name(*json, "bos_token");
    config.eos_name = token_name(*json, "eos_token");
    const Json* add_bos = json->find("add_bos_token");
    if (add_bos != nullptr && add_bos->is_bool()) config.add_bos = add_bos->as_bool();
    const Json* chat = json->find("chat_template");
    if (chat != nullptr && chat->is_string()) config.chat_template = chat->as_string();
    // Several named templates: the one called "default".
    if (chat != nullptr && chat->is_array()) {
      for (const Json& named : chat->items()) {
        const Json* text = named.find("template");
        if (says(named, "name", "default") && text != nullptr && text->is_string()) {
          config.chat_template = text->as_string();
        }
      }
    }
  }
  if (!source.chat_template.empty()) config.chat_template = std::string(source.chat_template);
  return config;
}

std::optional<TokenId> find_control(const Vocabulary& vocabulary, const std::string& named,
                                    std::initializer_list<std::string_view> usual) {
  if (!named.empty()) return vocabulary.control_id(named);
  for (const std::string_view name : usual) {
    if (const auto id = vocabulary.control_id(name)) return id;
  }
  return std::nullopt;
}

}  // namespace

Result<LoadedTokenizer> load_hf_tokenizer(const HfTokenizerSource& source) {
  if (source.tokenizer_json.size() > Vocabulary::kBytesMax) return corrupt("implausibly large");
  const Sections sections = TRY(split_sections(source.tokenizer_json));
  const Config config = TRY(read_config(source));
  BpeParts parts;
  parts.pre_tokenizer = TRY(read_pre_tokenizer(sections));
  TRY_VOID(add_tokens(sections, parts.vocabulary));
  MergeList merges = TRY(read_merges(sections.merges, parts.vocabulary));
  parts.bos_id = find_control(parts.vocabulary, config.bos_name, {"<s>"});
  parts.eos_id = find_control(parts.vocabulary, config.eos_name, {"</s>", "<|im_end|>"});

  LoadedTokenizer loaded;
  const bool is_tekken = parts.pre_tokenizer == PreTokenizer::tekken;
  loaded.description =
      concat("tokenizer.json, ", is_tekken ? "tekken" : "smollm", ", ", parts.vocabulary.size(),
             " tokens, ", parts.vocabulary.control_count(), " of them special");
  loaded.tokenizer = make_merge_tokenizer(
      std::move(parts), std::move(merges),
      sections.ignore_merges == "true" ? WholePieces::look_up_first : WholePieces::merge);
  LayoutHints hints;
  if (config.chat_template) hints.chat_template = *config.chat_template;
  loaded.settings = settings_from_hints(*loaded.tokenizer, hints);
  loaded.settings.add_bos = config.add_bos.value_or(loaded.settings.layout != Layout::chatml);
  return loaded;
}

}  // namespace bise
