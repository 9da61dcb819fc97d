// What the goldens do not say: the parts of a prompt beside its ids, refusals in words, and files
// that are not Mistral's own.

#include "tokenizer/chat/mistral_layout.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tokenizer/chat/chat_layout.h"
#include "tokenizer/chat/read_request.h"
#include "tokenizer/detokenizer.h"
#include "tokenizer/golden_files.h"

namespace bise {
namespace {

// A GIF of 30 x 60 pixels: two columns and three rows of tokens.
constexpr const char* kImage = R"({"type": "image", "image": "R0lGODlhHgA8AAAAACwAAAAAHgA8AA=="})";

class MistralLayoutTest : public testing::Test {
 protected:
  void load(const char* head) {
    file_ = golden::must_load_tekken(golden::small_tekken(head));
    layout_ = make_chat_layout(file_.settings.layout, *file_.tokenizer, file_.settings).value();
  }
  Result<ChatPrompt> lay_out(const std::string& request, LayoutOptions options = {}) const {
    return layout_->lay_out(read_chat_request(read_json(request).value()).value(), options);
  }
  std::string text(const std::string& request, LayoutOptions options = {}) const {
    const Result<ChatPrompt> prompt = lay_out(request, options);
    if (!prompt.ok()) return prompt.error().message;
    return decode(*file_.tokenizer, prompt->ids, ControlTokens::write_out);
  }

  LoadedTokenizer file_;
  std::unique_ptr<const ChatLayout> layout_;
};

TEST_F(MistralLayoutTest, WordsOfAMessageNeverBecomeControlTokens) {
  load("v13");
  std::string words;
  for (TokenId id = 0; id < 64; ++id) words += file_.tokenizer->bytes(id);
  const auto layout_of = [&](const std::string& said) {
    const std::string quoted_text = write_json(Json(said));
    return lay_out(R"({"messages": [{"role": "system", "content": )" + quoted_text +
                   R"(}, {"role": "user", "content": )" + quoted_text +
                   R"(}], "tools": [{"function":
                   {"name": "f", "description": )" +
                   quoted_text + R"(, "parameters": {}}}]})")
        .value();
  };
  const auto controls = [&](const ChatPrompt& prompt) {
    return std::count_if(prompt.ids.begin(), prompt.ids.end(),
                         [&](TokenId id) { return file_.tokenizer->is_control(id); });
  };
  EXPECT_EQ(controls(layout_of(words)), controls(layout_of("x")));
}

TEST_F(MistralLayoutTest, SaysWhereTheImagesStand) {
  load("v15");
  const ChatPrompt prompt =
      lay_out(std::string(R"({"messages": [{"role": "user", "content": [)") + kImage +
              R"(, {"type": "text", "text": "and"}, )" + kImage + R"(]}]})")
          .value();
  ASSERT_EQ(prompt.images.size(), 2u);
  const TokenId image = *file_.tokenizer->control_id("[IMG]");
  for (const PromptImage& one : prompt.images) {
    EXPECT_EQ(one.grid.rows, 3);
    EXPECT_EQ(one.grid.cols, 2);
    EXPECT_EQ(one.size.width, 56);
    EXPECT_EQ(one.size.height, 84);
    EXPECT_EQ(one.file->substr(0, 3), "GIF");
    ASSERT_LE(one.first_token + 9, prompt.ids.size());
    for (const std::size_t at : {0, 1, 3, 4, 6, 7}) {
      EXPECT_EQ(prompt.ids[one.first_token + at], image);
    }
    EXPECT_NE(prompt.ids[one.first_token - 1], image);
  }
}

TEST_F(MistralLayoutTest, DropsImagesWithTheMessagesTheyStandIn) {
  load("v13");
  const std::string request =
      std::string(R"({"truncate_for_context_length": true, "messages": [
        {"role": "user", "content": [)") +
      kImage + R"(]}, {"role": "assistant", "content": "ok"}, {"role": "user", "content": "b"}]})";
  EXPECT_EQ(lay_out(request, {.mode = ChatMode::test, .max_model_input_len = 100})->images.size(),
            1u);
  const Result<ChatPrompt> cut =
      lay_out(request, {.mode = ChatMode::test, .max_model_input_len = 5});
  ASSERT_TRUE(cut.ok());
  EXPECT_TRUE(cut->images.empty());
  EXPECT_EQ(decode(*file_.tokenizer, cut->ids, ControlTokens::write_out), "<s>[INST]b[/INST]");
}

TEST_F(MistralLayoutTest, SaysWhereAThoughtGoesOn) {
  load("v13");
  const auto inside = [&](const char* chunks) {
    return lay_out(std::string(R"({"messages": [{"role": "user", "content": "a"},
                   {"role": "assistant", "prefix": true, "content": [)") +
                   chunks + "]}]}")
        ->inside_thought;
  };
  EXPECT_TRUE(inside(R"({"type": "thinking", "thinking": "t", "closed": false})"));
  EXPECT_FALSE(inside(R"({"type": "thinking", "thinking": "t"})"));
  EXPECT_FALSE(inside(R"({"type": "thinking", "thinking": "t", "closed": false},
                         {"type": "text", "text": "b"})"));
}

TEST_F(MistralLayoutTest, RefusalsNameTheMessageAndTheRemedy) {
  load("v11");
  EXPECT_EQ(text(R"({"messages": [{"role": "user", "content": "a"},
                                  {"role": "assistant", "content": "b"}]})"),
            "messages.1 (assistant): nothing is left to answer; end with a user or tool message, "
            "or set prefix to have this one continued");
  EXPECT_EQ(text(R"({"messages": [{"role": "user", "content": "a"}, {"role": "assistant",
                     "tool_calls": [{"id": "x", "function": {"name": "f", "arguments": "{}"}}]},
                     {"role": "user", "content": "b"}]})"),
            "messages.1 (assistant) tool_calls.0: the id 'x' is not nine letters and digits");
  EXPECT_EQ(text(R"({"messages": [{"role": "user", "content": "a"}, {"role": "assistant",
                     "content": [{"type": "thinking", "thinking": "t"}], "prefix": true}]})"),
            "messages.1 (assistant): content.0 is thinking, which the layout v11 has no place for "
            "here");
  EXPECT_EQ(text(R"({"messages": [{"role": "user", "content": "a"}], "reasoning_effort": "high"})"),
            "reasoning_effort: the layout v11 has no such setting; leave it out");
  EXPECT_EQ(text(R"({"messages": [{"role": "user", "content": "a"},
                                  {"role": "assistant", "content": ""},
                                  {"role": "user", "content": "a"}]})"),
            "messages.1: it has neither content nor tool_calls; leave the message out");
}

TEST_F(MistralLayoutTest, NamesTheTokenThatALayoutMisses) {
  load("v3");
  const auto made = make_chat_layout(Layout::v13, *file_.tokenizer, file_.settings);
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().message,
            "the layout v13 needs the control token [ARGS], which this tokenizer has not; choose "
            "another layout");
}

// GGUF files of older vocabularies get v7 from their chat template.
TEST_F(MistralLayoutTest, ATokenOfToolResultsAloneIsMissedByToolResultsAlone) {
  std::string json = golden::small_tekken("v7");
  const std::string name = "[TOOL_CONTENT]";
  json.replace(json.find(name), name.size(), "<SPECIAL_19>");
  file_ = golden::must_load_tekken(json);
  layout_ = make_chat_layout(Layout::v7, *file_.tokenizer, file_.settings).value();
  EXPECT_EQ(text(R"({"messages": [{"role": "user", "content": "a"}]})"), "<s>[INST]a[/INST]");
  EXPECT_EQ(text(R"({"messages": [{"role": "user", "content": "a"},
                     {"role": "assistant", "tool_calls": [
                       {"id": "abcdefghi", "function": {"name": "f", "arguments": "{}"}}]},
                     {"role": "tool", "tool_call_id": "abcdefghi", "content": "b"}]})"),
            "messages.2: tool results need the control token [TOOL_CONTENT] in the layout "
            "v7, and this tokenizer has it not");
}

TEST_F(MistralLayoutTest, FilesWithoutSettingsGetThoseOfTheReleasedModels) {
  load("v15");
  PromptSettings settings = file_.settings;
  settings.model_settings = std::nullopt;
  layout_ = make_chat_layout(Layout::v15, *file_.tokenizer, settings).value();
  EXPECT_EQ(text(R"({"messages": [{"role": "user", "content": "a"}]})"),
            R"(<s>[MODEL_SETTINGS]{"reasoning_effort": "none"}[/MODEL_SETTINGS][INST]a[/INST])");
  EXPECT_EQ(text(R"({"messages": [{"role": "user", "content": "a"}], "reasoning_effort": "low"})"),
            "reasoning_effort: 'low' is none of this model's: none, high");
}

TEST_F(MistralLayoutTest, FilesWithoutImageSettingsRefuseImages) {
  load("v13");
  PromptSettings settings = file_.settings;
  settings.image = std::nullopt;
  layout_ = make_chat_layout(Layout::v13, *file_.tokenizer, settings).value();
  EXPECT_EQ(text(std::string(R"({"messages": [{"role": "user", "content": [)") + kImage + "]}]}"),
            "messages.0: an image: this tokenizer's file says nothing about images; leave it out");
  settings.image = ImageSettings{.patch_size = 1 << 30, .size_max = 1540, .merge_size = 1 << 30};
  EXPECT_FALSE(make_chat_layout(Layout::v13, *file_.tokenizer, settings).ok());
  settings.image = ImageSettings{.patch_size = 1, .size_max = 1000000, .merge_size = 1};
  EXPECT_TRUE(make_chat_layout(Layout::v13, *file_.tokenizer, settings).ok());
}

}  // namespace
}  // namespace bise
