#include "tokenizer/load.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tokenizer/bpe_tokenizer.h"
#include "tokenizer/detokenizer.h"
#include "tokenizer/golden_files.h"
#include "tokenizer/golden_gguf.h"

namespace bise {
namespace {

using golden::ids_of;
using golden::must_load_tekken;
using golden::small_tekken;
using golden::text_of;

constexpr const char* kSmallEncode = "tests/golden/tokenizer/small-encode.jsonl";

// GPT-2's alphabet, forwards: what the loaders must undo.
std::string in_byte_alphabet(std::string_view bytes) {
  std::string written;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    unsigned code_point = byte;
    unsigned others = 0;
    for (unsigned b = 0; b <= byte; ++b) {
      const bool itself = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
      if (b == byte && !itself) code_point = 256 + others;
      if (!itself) ++others;
    }
    if (code_point < 0x80) {
      written.push_back(static_cast<char>(code_point));
    } else {
      written.push_back(static_cast<char>(0xc0 | code_point >> 6));
      written.push_back(static_cast<char>(0x80 | (code_point & 0x3f)));
    }
  }
  return written;
}

// The small vocabulary as GGUF arrays and as a Hugging Face file.
struct SmallVocabulary {
  LoadedTokenizer loaded = must_load_tekken(small_tekken("v13"));
  std::vector<std::string> tokens, lefts, rights;
  std::vector<std::int32_t> types;

  SmallVocabulary() {
    const Tokenizer& tokenizer = *loaded.tokenizer;
    for (TokenId id = 0; id < tokenizer.vocab_size(); ++id) {
      const std::string_view bytes = tokenizer.bytes(id);
      const bool control = tokenizer.is_control(id);
      tokens.push_back(control ? std::string(bytes) : in_byte_alphabet(bytes));
      types.push_back(control ? 3 : 1);
    }
    const Json merges = read_json(golden::read("tests/golden/tokenizer/merges.json")).value();
    for (const Json& pair : merges.find("small")->find("pairs")->items()) {
      lefts.push_back(tokens[64 + pair.items()[0].to_int64().value()]);
      rights.push_back(tokens[64 + pair.items()[1].to_int64().value()]);
    }
  }

  std::string hf_json(bool pairs_as_lists, std::string_view pre_tokenizer) const {
    Json vocab = Json::object(), merges = Json::array(), added = Json::array();
    for (std::size_t id = 0; id < tokens.size(); ++id) {
      vocab.set(tokens[id], static_cast<int>(id));
      if (types[id] == 1) continue;
      added.push(Json::object({{"id", static_cast<int>(id)}, {"content", tokens[id]}}));
    }
    for (std::size_t i = 0; i < lefts.size(); ++i) {
      merges.push(pairs_as_lists ? Json(Json::Array{lefts[i], rights[i]})
                                 : Json(lefts[i] + " " + rights[i]));
    }
    const Json model = Json::object(
        {{"type", "BPE"}, {"ignore_merges", true}, {"vocab", vocab}, {"merges", merges}});
    Json file = Json::object({{"version", "1.0"}, {"added_tokens", added}, {"normalizer", {}}});
    file.set("pre_tokenizer", read_json(pre_tokenizer).value());
    file.set("model", model);
    return write_json(file);
  }
};

std::string tekken_pre_tokenizer(std::string_view pattern = kTekkenPattern) {
  const Json split = Json::object({{"type", "Split"},
                                   {"pattern", Json::object({{"Regex", pattern}})},
                                   {"behavior", "Isolated"},
                                   {"invert", false}});
  const Json bytes =
      Json::object({{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}});
  return write_json(
      Json::object({{"type", "Sequence"}, {"pretokenizers", Json::Array{split, bytes}}}));
}

void expect_small_goldens(const Tokenizer& tokenizer) {
  for (const Json& row : golden::read_lines(kSmallEncode)) {
    ASSERT_EQ(tokenizer.encode(text_of(row)), ids_of(row)) << text_of(row).substr(0, 80);
  }
}

std::vector<std::string_view> views(const std::vector<std::string>& strings) {
  return {strings.begin(), strings.end()};
}

TEST(LoadHfTokenizer, EncodesTheSmallGoldensWithMergesInBothForms) {
  const SmallVocabulary small;
  for (const bool as_lists : {false, true}) {
    const std::string json = small.hf_json(as_lists, tekken_pre_tokenizer());
    const auto loaded = load_hf_tokenizer({json, {}, {}});
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    expect_small_goldens(*loaded->tokenizer);
    EXPECT_EQ(loaded->settings.layout, Layout::v13);
    EXPECT_EQ(loaded->tokenizer->bos_id(), 1);
    EXPECT_EQ(loaded->tokenizer->eos_id(), 2);
    EXPECT_TRUE(loaded->settings.add_bos);
    EXPECT_EQ(loaded->tokenizer->control_id("[INST]"), 3);
    // Words in a text stay words.
    const auto ids = loaded->tokenizer->encode("[INST]");
    EXPECT_GT(ids.size(), 1u);
    EXPECT_EQ(decode(*loaded->tokenizer, ids), "[INST]");
  }
}

TEST(LoadHfTokenizer, RefusesAnUnknownPattern) {
  const SmallVocabulary small;
  const std::string json = small.hf_json(false, tekken_pre_tokenizer("\\w+"));
  const auto loaded = load_hf_tokenizer({json, {}, {}});
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().code, ErrorCode::not_supported);
  EXPECT_NE(loaded.error().message.find("pre_tokenizer"), std::string::npos);
}

TEST(LoadHfTokenizer, ReadsWhatLiesBesideIt) {
  const SmallVocabulary small;
  const std::string json = small.hf_json(false, tekken_pre_tokenizer());
  const auto loaded =
      load_hf_tokenizer({json,
                         R"({"bos_token": {"content": "[INST]"}, "eos_token": "[/INST]",
                 "add_bos_token": false, "chat_template": [{"name": "rag", "template": "x"},
                                                           {"name": "default", "template": "y"}]})",
                         {}});
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_EQ(loaded->tokenizer->bos_id(), 3);
  EXPECT_EQ(loaded->tokenizer->eos_id(), 4);
  EXPECT_FALSE(loaded->settings.add_bos);
  EXPECT_EQ(loaded->settings.chat_template, "y");
}

TEST(LoadGgufTokenizer, RebuildsTheRanksOfATekkenVocabularyFromItsIds) {
  const SmallVocabulary small;
  const auto tokens = views(small.tokens);
  GgufTokenizerSource source;
  source.model = "gpt2";
  source.pre = "tekken";
  source.tokens = tokens;
  source.token_types = small.types;
  source.bos_id = 1;
  source.eos_id = 2;
  const auto loaded = load_gguf_tokenizer(source);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  expect_small_goldens(*loaded->tokenizer);
  EXPECT_EQ(loaded->settings.layout, Layout::v13);
  EXPECT_TRUE(loaded->settings.add_bos);
}

TEST(LoadGgufTokenizer, UsesTheMergesWhereIdsAreNotInTheOrderOfRanks) {
  SmallVocabulary small;
  // Two bytes change places: the ids of a text change with them, the pieces do not.
  std::swap(small.tokens[64 + 'a'], small.tokens[64 + 'b']);
  const auto tokens = views(small.tokens);
  std::vector<std::string> joined;
  for (std::size_t i = 0; i < small.lefts.size(); ++i) {
    joined.push_back(small.lefts[i] + " " + small.rights[i]);
  }
  const auto merges = views(joined);
  GgufTokenizerSource source;
  source.model = "gpt2";
  source.pre = "tekken";
  source.tokens = tokens;
  source.token_types = small.types;
  EXPECT_FALSE(load_gguf_tokenizer(source).ok());
  source.merges = merges;
  const auto loaded = load_gguf_tokenizer(source);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  for (const Json& row : golden::read_lines(kSmallEncode)) {
    auto ids = ids_of(row);
    for (TokenId& id : ids) {
      if (id == 64 + 'a') {
        id = 64 + 'b';
      } else if (id == 64 + 'b') {
        id = 64 + 'a';
      }
    }
    ASSERT_EQ(loaded->tokenizer->encode(text_of(row)), ids) << text_of(row).substr(0, 80);
  }
}

TEST(LoadGgufTokenizer, RefusesDamagedArraysInOneSentence) {
  const SmallVocabulary small;
  const auto tokens = views(small.tokens);
  GgufTokenizerSource good;
  good.model = "gpt2";
  good.pre = "tekken";
  good.tokens = tokens;
  good.token_types = small.types;
  ASSERT_TRUE(load_gguf_tokenizer(good).ok());
  const auto refusal = [](const GgufTokenizerSource& source) {
    const auto loaded = load_gguf_tokenizer(source);
    return loaded.ok() ? std::string("accepted") : loaded.error().message;
  };
  const auto changed = [&good](auto change) {
    GgufTokenizerSource source = good;
    change(source);
    return source;
  };
  EXPECT_EQ(refusal(changed([](auto& s) { s.token_types = s.token_types.first(10); })),
            "tokenizer.ggml.token_type has 10 entries for 2000 tokens");
  EXPECT_EQ(refusal(changed([](auto& s) { s.bos_id = 2000; })),
            "tokenizer.ggml.bos_token_id is 2000, outside the vocabulary of 2000 tokens");
  EXPECT_EQ(refusal(changed([](auto& s) { s.model = "morse"; })),
            "tokenizer.ggml.model \"morse\" is unknown (gpt2 is supported)");
  EXPECT_EQ(refusal(changed([](auto& s) { s.pre = "llama-bpe"; })),
            "tokenizer.ggml.pre \"llama-bpe\" is not supported (tekken and smollm are)");
  EXPECT_NE(refusal(changed([](auto& s) { s.model = "llama"; })).find("show, score and bench"),
            std::string::npos);
  EXPECT_NE(refusal(changed([](auto& s) { s.model = "no_vocab"; })).find("no tokenizer"),
            std::string::npos);
  const std::vector<std::string_view> no_blank = {"ab"}, unknown = {"zzzqq qqqzz"};
  EXPECT_EQ(refusal(changed([&](auto& s) { s.pre = "smollm", s.merges = no_blank; })),
            "tokenizer.ggml.merges[0]: expected two pieces with a blank between them, found "
            "\"ab\"");
  EXPECT_EQ(refusal(changed([&](auto& s) { s.pre = "smollm", s.merges = unknown; })),
            "tokenizer.ggml.merges[0]: \"zzzqq\" is no token");
  EXPECT_TRUE(is_known_gguf_tokenizer("llama"));
  EXPECT_FALSE(is_known_gguf_tokenizer("morse"));
}

TEST(LoadGgufTokenizer, EncodesTheTextOfTheGoldenFile) {
  const auto path = golden::shared_path("goldens/gguf/tok.gguf");
  const auto told = golden::shared_path("goldens/gguf/tok.json");
  if (!path || !told) GTEST_SKIP() << "no shared folder with goldens/gguf";
  const auto keys = golden::read_gguf(*path);
  const auto loaded = load_gguf_tokenizer(keys.tokenizer());
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  const Json row = read_json(golden::read(*told)).value();
  std::vector<TokenId> ids = {loaded->tokenizer->bos_id().value()};
  loaded->tokenizer->encode(row.find("text")->as_string(), ids);
  EXPECT_EQ(ids, ids_of(row));
  expect_small_goldens(*loaded->tokenizer);
  EXPECT_EQ(loaded->settings.layout, Layout::v13);
}

// The starter is fetched by ./run; BISE_STARTER names it elsewhere.
TEST(LoadGgufTokenizer, EncodesEveryGoldenOfTheStarter) {
  const char* named = std::getenv("BISE_STARTER");
  const auto goldens = golden::shared_path("goldens/starter/encode.jsonl.gz");
  if (named == nullptr || !goldens) {
    GTEST_SKIP() << "BISE_STARTER does not name the starter's GGUF, or no goldens/starter";
  }
  const auto keys = golden::read_gguf(named);
  const auto loaded = load_gguf_tokenizer(keys.tokenizer());
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_EQ(loaded->settings.layout, Layout::chatml);
  EXPECT_FALSE(loaded->settings.add_bos);
  for (const Json& row : golden::read_lines(*goldens)) {
    ASSERT_EQ(loaded->tokenizer->encode(text_of(row)), ids_of(row)) << text_of(row).substr(0, 80);
  }
  // Bytes without a token vanish before merging.
  const Tokenizer& tokenizer = *loaded->tokenizer;
  EXPECT_EQ(tokenizer.encode("!\x04!"), tokenizer.encode("!!"));
  EXPECT_EQ(tokenizer
                .encode("a\x1d"
                        "b")
                .size(),
            2u);
}

}  // namespace
}  // namespace bise
