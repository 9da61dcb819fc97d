#include <array>
#include <limits>
#include <string>
#include <utility>

#include "base/base64.h"
#include "base/json.h"
#include "base/text.h"
#include "tokenizer/bpe_tokenizer.h"
#include "tokenizer/json_cursor.h"
#include "tokenizer/load.h"
#include "tokenizer/tekken_settings.h"

namespace bise {
namespace {

// The whole values of the top level's members, as text.
struct Sections {
  std::string_view config, vocab, special_tokens, image, multimodal, audio, model_settings;
};

Error corrupt(std::string message) {
  return Error{ErrorCode::corrupt_file, std::move(message)};
}

Result<Sections> split_sections(std::string_view text) {
  Sections sections;
  const std::array<std::pair<std::string_view, std::string_view*>, 7> known = {{
      {"config", &sections.config},
      {"vocab", &sections.vocab},
      {"special_tokens", &sections.special_tokens},
      {"image", &sections.image},
      {"multimodal", &sections.multimodal},
      {"audio", &sections.audio},
      {"model_settings_builder", &sections.model_settings},
  }};
  JsonCursor cursor(text);
  std::string_view key;
  for (bool first = true; TRY(cursor.next_member(first, key));) {
    const std::string_view value = TRY(cursor.raw());
    for (const auto& [name, section] : known) {
      if (key == name) *section = value == "null" ? std::string_view() : value;
    }
  }
  TRY_VOID(cursor.expect_end());
  if (sections.config.empty()) return corrupt("it has no \"config\"");
  if (sections.vocab.empty()) return corrupt("it has no \"vocab\"");
  return sections;
}

struct Config {
  Layout version;
  int vocab_size;     // all tokens
  int special_count;  // the first of them
};

Result<Config> read_config(std::string_view text) {
  const Json config = TRY(read_json(text));
  const Json* version = config.find("version");
  if (version == nullptr || !version->is_string()) return corrupt("config.version is missing");
  const std::optional<Layout> layout = find_layout(version->as_string());
  if (!layout || *layout == Layout::chatml) {
    return Error{ErrorCode::not_supported,
                 concat("config.version \"", quoted(version->as_string()),
                        "\" is unknown (v3, v7, v11, v13 and v15 are supported)")};
  }
  const Json* pattern = config.find("pattern");
  if (pattern == nullptr || !pattern->is_string() || pattern->as_string() != kTekkenPattern) {
    return Error{ErrorCode::not_supported,
                 "config.pattern is not the one all tekken files have had so far, and no other way "
                 "to cut text is known here"};
  }
  const auto number = [&](std::string_view key) -> std::int64_t {
    const Json* value = config.find(key);
    return value != nullptr ? value->to_int64().value_or(-1) : -1;
  };
  const std::int64_t vocab_size = number("default_vocab_size");
  const std::int64_t special_count = number("default_num_special_tokens");
  // Names are made for special tokens that the file does not list, hence a bound of their own.
  constexpr std::int64_t kSpecialMax = 1 << 16;
  if (special_count < 1 || special_count > kSpecialMax) {
    return corrupt("config.default_num_special_tokens is missing or out of range");
  }
  if (vocab_size < special_count + 256 ||
      vocab_size > static_cast<std::int64_t>(Vocabulary::kTokensMax)) {
    return corrupt("config.default_vocab_size is missing or out of range");
  }
  return Config{*layout, static_cast<int>(vocab_size), static_cast<int>(special_count)};
}

// Up to v7 a file may leave its special tokens unsaid.
constexpr std::array<std::string_view, 20> kDefaultSpecials = {"<unk>",
                                                               "<s>",
                                                               "</s>",
                                                               "[INST]",
                                                               "[/INST]",
                                                               "[AVAILABLE_TOOLS]",
                                                               "[/AVAILABLE_TOOLS]",
                                                               "[TOOL_RESULTS]",
                                                               "[/TOOL_RESULTS]",
                                                               "[TOOL_CALLS]",
                                                               "[IMG]",
                                                               "<pad>",
                                                               "[IMG_BREAK]",
                                                               "[IMG_END]",
                                                               "[PREFIX]",
                                                               "[MIDDLE]",
                                                               "[SUFFIX]",
                                                               "[SYSTEM_PROMPT]",
                                                               "[/SYSTEM_PROMPT]",
                                                               "[TOOL_CONTENT]"};

Result<void> add_listed_specials(std::string_view text, int count_max, Vocabulary& vocabulary) {
  JsonCursor cursor(text);
  std::string scratch;
  for (bool first_item = true; TRY(cursor.next_item(first_item));) {
    const int index = vocabulary.size();
    if (index == count_max) {
      return corrupt(concat("special_tokens lists more than the ", count_max,
                            " that config.default_num_special_tokens says"));
    }
    std::int64_t rank = -1;
    std::string name;
    std::string_view key;
    for (bool first = true; TRY(cursor.next_member(first, key));) {
      if (key == "rank") {
        rank = TRY(cursor.integer());
      } else if (key == "token_str") {
        name = TRY(cursor.string(scratch));
      } else {
        (void)TRY(cursor.raw());
      }
    }
    if (rank != index) return corrupt(concat("special_tokens[", index, "]: rank ", rank));
    if (name.empty()) return corrupt(concat("special_tokens[", index, "]: no token_str"));
    vocabulary.add(name, /*is_control=*/true);
  }
  return cursor.expect_end();
}

Result<void> add_specials(const Sections& sections, const Config& config, Vocabulary& vocabulary) {
  if (!sections.special_tokens.empty()) {
    TRY_VOID(add_listed_specials(sections.special_tokens, config.special_count, vocabulary));
  } else if (config.version > Layout::v7) {
    return corrupt(
        concat("special_tokens is missing, which ", layout_name(config.version), " requires"));
  } else {
    if (config.special_count < static_cast<int>(kDefaultSpecials.size())) {
      return corrupt("config.default_num_special_tokens is below 20 and special_tokens is missing");
    }
    for (const std::string_view name : kDefaultSpecials) vocabulary.add(name, true);
  }
  for (int id = vocabulary.size(); id < config.special_count; ++id) {
    vocabulary.add(concat("<SPECIAL_", id, ">"), true);
  }
  return {};
}

// One entry of "vocab", the cursor in front of it.
Result<void> add_vocab_entry(JsonCursor& cursor, std::int64_t index, std::string& scratch,
                             std::string& bytes, Vocabulary& vocabulary) {
  std::int64_t rank = -1;
  bool has_bytes = false;
  std::string_view key;
  for (bool first = true; TRY(cursor.next_member(first, key));) {
    if (key == "rank") {
      rank = TRY(cursor.integer());
    } else if (key == "token_bytes") {
      const std::string_view written = TRY(cursor.string(scratch));
      has_bytes = decode_base64(written, bytes);
    } else {
      (void)TRY(cursor.raw());
    }
  }
  if (rank != index) {
    return corrupt(concat("vocab[", index, "]: expected rank ", index, ", found ", rank));
  }
  if (!has_bytes || bytes.empty()) {
    return corrupt(concat("vocab[", index, "]: token_bytes is missing or no base64"));
  }
  if (index < 256 && (bytes.size() != 1 || static_cast<unsigned char>(bytes[0]) != index)) {
    return corrupt(concat("vocab[", index, "]: the first 256 entries must be the single bytes"));
  }
  vocabulary.add(bytes, /*is_control=*/false);
  return {};
}

// The first entries, as many as the vocabulary has room for; the file holds more.
Result<void> add_vocab(std::string_view text, int count, Vocabulary& vocabulary) {
  JsonCursor cursor(text);
  std::string scratch, bytes;
  std::int64_t index = 0;
  for (bool first = true; index < count && TRY(cursor.next_item(first)); ++index) {
    TRY_VOID(add_vocab_entry(cursor, index, scratch, bytes, vocabulary));
  }
  if (index < count) {
    return corrupt(concat("vocab has ", index,
                          " entries; config.default_vocab_size less the "
                          "special tokens asks for ",
                          count));
  }
  return {};
}

}  // namespace

Result<LoadedTokenizer> load_tekken(std::string_view json) {
  if (json.size() > Vocabulary::kBytesMax) return corrupt("implausibly large");
  const Sections sections = TRY(split_sections(json));
  const Config config = TRY(read_config(sections.config));

  LoadedTokenizer loaded;
  loaded.settings = TRY(read_tekken_settings({.layout = config.version,
                                              .image = sections.image,
                                              .multimodal = sections.multimodal,
                                              .audio = sections.audio,
                                              .model_settings = sections.model_settings}));
  BpeParts parts;
  // A vocabulary entry takes about 100 bytes of JSON and 7 of its own.
  parts.vocabulary.reserve(std::min<std::size_t>(config.vocab_size, json.size() / 16 + 1),
                           json.size() / 16);
  TRY_VOID(add_specials(sections, config, parts.vocabulary));
  TRY_VOID(add_vocab(sections.vocab, config.vocab_size - config.special_count, parts.vocabulary));
  if (const auto repeated = parts.vocabulary.index()) {
    return corrupt(concat("tokens ", repeated->first, " and ", repeated->second,
                          " are the same: ", quoted(parts.vocabulary.bytes(repeated->first))));
  }
  parts.pre_tokenizer = PreTokenizer::tekken;
  parts.bos_id = parts.vocabulary.control_id("<s>");
  parts.eos_id = parts.vocabulary.control_id("</s>");
  if (!parts.bos_id || !parts.eos_id) return corrupt("special_tokens lacks <s> or </s>");
  loaded.description = concat("tekken.json ", layout_name(config.version), ", ", config.vocab_size,
                              " tokens, ", config.special_count, " of them special");
  loaded.tokenizer = make_rank_tokenizer(std::move(parts));
  return loaded;
}

}  // namespace bise
