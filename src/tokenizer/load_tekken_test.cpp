#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tokenizer/golden_files.h"
#include "tokenizer/load.h"

namespace bise {
namespace {

using golden::small_tekken;

std::string refusal(const std::string& json) {
  const auto loaded = load_tekken(json);
  return loaded.ok() ? std::string("accepted") : loaded.error().message;
}

// A good file with one thing changed.
std::string replaced(std::string json, std::string_view from, std::string_view to) {
  const std::size_t at = json.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return json.replace(at, from.size(), to);
}

TEST(LoadTekken, ReadsEveryHeadWithItsSettings) {
  const struct {
    const char* head;
    Layout layout;
    bool has_image, has_audio, has_settings;
  } kHeads[] = {{"v3", Layout::v3, true, false, false},
                {"v7", Layout::v7, true, false, false},
                {"v7-realtime", Layout::v7, false, true, false},
                {"v11", Layout::v11, true, false, false},
                {"v11-audio", Layout::v11, false, true, false},
                {"v13", Layout::v13, true, false, false},
                {"v15", Layout::v15, true, false, true},
                {"v15-schema", Layout::v15, true, false, true},
                {"v15-audio", Layout::v15, true, true, true}};
  for (const auto& [head, layout, has_image, has_audio, has_settings] : kHeads) {
    const bool is_v13 = std::string(head) == "v13";
    const auto loaded = load_tekken(
        is_v13 ? golden::read("tests/golden/tokenizer/small-tekken.json") : small_tekken(head));
    ASSERT_TRUE(loaded.ok()) << head << ": " << loaded.error().message;
    EXPECT_EQ(loaded->settings.layout, layout);
    EXPECT_EQ(loaded->settings.image.has_value(), has_image) << head;
    EXPECT_EQ(loaded->settings.audio.has_value(), has_audio) << head;
    EXPECT_EQ(loaded->settings.model_settings.has_value(), has_settings) << head;
    EXPECT_TRUE(loaded->settings.add_bos);
    EXPECT_EQ(loaded->tokenizer->vocab_size(), 2000);
    EXPECT_EQ(loaded->tokenizer->bos_id(), 1);
    EXPECT_EQ(loaded->tokenizer->eos_id(), 2);
    EXPECT_EQ(loaded->tokenizer->control_id("[TOOL_CONTENT]"), 19);
    EXPECT_EQ(loaded->tokenizer->bytes(63), "<SPECIAL_63>");
    EXPECT_TRUE(loaded->tokenizer->is_control(63));
    EXPECT_FALSE(loaded->tokenizer->is_control(64));
    EXPECT_EQ(loaded->tokenizer->control_id("the"), std::nullopt);
  }
}

TEST(LoadTekken, ExposesTheValuesOfItsSections) {
  const auto v3 = golden::must_load_tekken(small_tekken("v3"));
  EXPECT_EQ(v3.settings.image->patch_size, 16);
  EXPECT_EQ(v3.settings.image->size_max, 1024);
  EXPECT_EQ(v3.settings.image->merge_size, 1);
  const auto v7 = golden::must_load_tekken(small_tekken("v7"));
  EXPECT_EQ(v7.settings.image->merge_size, 2);
  const auto realtime = golden::must_load_tekken(small_tekken("v7-realtime"));
  EXPECT_TRUE(realtime.settings.audio->streaming);
  EXPECT_EQ(realtime.settings.audio->left_pad_tokens, 32);
  EXPECT_EQ(realtime.settings.audio->look_ahead_ms, 2.5);
  const auto schema = golden::must_load_tekken(small_tekken("v15-schema"));
  EXPECT_TRUE(schema.settings.model_settings->json_schema);
  EXPECT_EQ(schema.settings.model_settings->reasoning_effort->default_value, "medium");
  EXPECT_EQ(schema.settings.model_settings->reasoning_effort->values.size(), 7u);
  const auto audio = golden::must_load_tekken(small_tekken("v15-audio"));
  EXPECT_FALSE(audio.settings.model_settings->reasoning_effort.has_value());
  EXPECT_EQ(audio.settings.audio->frame_rate, 12.5);
  EXPECT_EQ(audio.settings.audio->chunk_length_s, 30.0);
}

TEST(LoadTekken, RefusesWhatItsRulesForbidInOneSentence) {
  const std::string good = golden::read("tests/golden/tokenizer/small-tekken.json");
  ASSERT_EQ(refusal(good), "accepted");
  const auto bad = [&](std::string_view from, std::string_view to) {
    return refusal(replaced(good, from, to));
  };
  EXPECT_EQ(bad("\"v13\"", "\"v14\""),
            "config.version \"v14\" is unknown (v3, v7, v11, v13 and v15 are supported)");
  EXPECT_EQ(bad("\"v13\"", "\"chatml\""),
            "config.version \"chatml\" is unknown (v3, v7, v11, v13 and v15 are supported)");
  EXPECT_NE(bad("{N}]?", "{N}]*").find("config.pattern"), std::string::npos);
  EXPECT_EQ(bad("\"rank\":1,\"token_bytes\"", "\"rank\":2,\"token_bytes\""),
            "vocab[1]: expected rank 1, found 2");
  EXPECT_EQ(bad("\"rank\":1,\"token_str\"", "\"rank\":7,\"token_str\""),
            "special_tokens[1]: rank 7");
  EXPECT_EQ(bad("\"AQ==\"", "\"AQ=\""), "vocab[1]: token_bytes is missing or no base64");
  EXPECT_EQ(bad("\"AQ==\"", "\"Ag==\""),
            "vocab[1]: the first 256 entries must be the single bytes");
  EXPECT_EQ(bad("\"default_vocab_size\":2000", "\"default_vocab_size\":5000"),
            "vocab has 1960 entries; config.default_vocab_size less the special tokens asks for "
            "4936");
  EXPECT_EQ(bad("\"default_num_special_tokens\":64", "\"default_num_special_tokens\":20"),
            "special_tokens lists more than the 20 that config.default_num_special_tokens says");
  EXPECT_EQ(bad("\"default_num_special_tokens\":64", "\"default_num_special_tokens\":2000000000"),
            "config.default_num_special_tokens is missing or out of range");
  EXPECT_EQ(bad("\"special_tokens\"", "\"other\""),
            "special_tokens is missing, which v13 requires");
  EXPECT_EQ(bad("\"</s>\"", "\"<s>\""), "tokens 1 and 2 are the same: <s>");
  EXPECT_EQ(bad("\"image\"", "\"multimodal\""),
            "the section \"multimodal\" is called \"image\" from v13 on, and this file says v13");
  EXPECT_EQ(bad("\"image\"", "\"model_settings_builder\":{},\"image\""),
            "the section \"model_settings_builder\" exists from v15 on, and this file says v13");
  EXPECT_EQ(bad("\"image_patch_size\":14", "\"image_patch_size\":0"),
            "image: image_patch_size: expected a positive integer");
}

TEST(LoadTekken, RefusesCutAndOddTextWithoutHarm) {
  const std::string good = golden::read("tests/golden/tokenizer/small-tekken.json");
  for (std::size_t size = 0; size + 2 < good.size(); size += 991) {
    EXPECT_NE(refusal(good.substr(0, size)), "accepted");
  }
  for (const char* text : {"", "{}", "[]", "null", "{\"config\":1,\"vocab\":2}", "{\"config\":{}}",
                           "{\"vocab\":[],\"config\":{\"version\":\"v3\"}}"}) {
    EXPECT_NE(refusal(text), "accepted") << text;
  }
}

TEST(LoadTokenizer, FindsTheFileInAFolderAndNamesItInErrors) {
  const auto folder = std::filesystem::temp_directory_path() / "bise_load_tokenizer_test";
  std::filesystem::create_directories(folder);
  const std::string path = folder.string();
  std::filesystem::remove(folder / "tekken.json");
  const auto none = load_tokenizer(path);
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, ErrorCode::not_found);
  EXPECT_NE(none.error().message.find(path), std::string::npos);

  std::ofstream(folder / "tekken.json") << small_tekken("v7");
  const auto loaded = load_tokenizer(path);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_EQ(loaded->settings.layout, Layout::v7);
  EXPECT_TRUE(load_tokenizer(path + "/tekken.json").ok());

  std::ofstream(folder / "tekken.json") << "{\"x\": 1}";
  const auto odd = load_tokenizer(path);
  ASSERT_FALSE(odd.ok());
  EXPECT_EQ(odd.error().message,
            path +
                "/tekken.json: neither a tekken.json nor a tokenizer.json; take a tekken.json, "
                "or a tokenizer.json of a tekken or smollm tokenizer");
  std::ofstream(folder / "tekken.json") << "{\"config\": 1,}";
  const std::string damaged = load_tokenizer(path).error().message;
  EXPECT_EQ(damaged.rfind(path + "/tekken.json: ", 0), 0u) << damaged;
  EXPECT_NE(damaged.find("; the file is damaged or"), std::string::npos) << damaged;
  std::filesystem::resize_file(folder / "tekken.json", (48 << 20) + 1);
  EXPECT_NE(load_tokenizer(path).error().message.find("50331649 bytes, more than the 50331648"),
            std::string::npos);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace bise
