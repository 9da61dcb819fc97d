#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>

#include "apps/tokenize_lines.h"
#include "base/text.h"
#include "tokenizer/load.h"

namespace bise {
namespace {

LineTokenizer lines(TokenizeOptions options) {
  return LineTokenizer::of(load_tokenizer("tests/golden/tokenizer/small-tekken.json").value(),
                           options)
      .value();
}

using Task = TokenizeOptions::Task;

TEST(Tokenize, EncodesTextAndBytes) {
  const LineTokenizer encoding = lines({});
  EXPECT_EQ(encoding.answer(R"({"text": "a b"})"), R"({"ids":[161,345]})");
  EXPECT_EQ(encoding.answer(R"({"bytes_b64": "YSBi"})"), R"({"ids":[161,345]})");
  EXPECT_EQ(encoding.answer(R"({"text": ""})"), R"({"ids":[]})");
}

TEST(Tokenize, ARefusedLineSaysWhy) {
  const LineTokenizer encoding = lines({});
  EXPECT_EQ(encoding.answer(R"({"txt": "a"})"),
            R"({"error":"the line has no string \"text\" or \"bytes_b64\""})");
  EXPECT_EQ(encoding.answer("[]"), R"({"error":"the line is no JSON object"})");
  EXPECT_EQ(encoding.answer(""), R"({"error":"not valid JSON: expected a value at byte 0"})");
  EXPECT_TRUE(encoding.answer("{\"text\": \"\xff\"}").starts_with("{\"error\":"));
}

TEST(Tokenize, RefusesAPipeAsItsModel) {
  const std::string path = testing::TempDir() + "bise_tokenize_pipe";
  std::remove(path.c_str());
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  TokenizeOptions options;
  options.model = path;
  const auto lines_of_pipe = LineTokenizer::open(options);
  std::remove(path.c_str());
  ASSERT_FALSE(lines_of_pipe.ok());
  EXPECT_EQ(lines_of_pipe.error().message, path + ": not a regular file; name a file or a folder");
}

TEST(Tokenize, RefusesWhatIsNoBase64) {
  const LineTokenizer encoding = lines({});
  for (const char* bytes : {"!!", "YQ", "YQ==zzzz", "YWI=YWI=", "====", "Y Q="}) {
    EXPECT_TRUE(encoding.answer(concat(R"({"bytes_b64": ")", bytes, R"("})"))
                    .starts_with(R"({"error":"bytes_b64 is no base64)"))
        << bytes;
  }
  EXPECT_EQ(encoding.answer(R"({"text": "a", "bytes_b64": "YQ=="})"),
            R"({"error":"both \"text\" and \"bytes_b64\": give one"})");
}

TEST(Tokenize, DecodesWithAndWithoutControlTokens) {
  EXPECT_EQ(lines({.task = Task::decode}).answer(R"({"ids": [1, 161, 258, 4]})"),
            R"({"text":"a�","emit":["","a","","�"],"flush":""})");
  EXPECT_EQ(lines({.task = Task::decode, .keep_special = true}).answer(R"({"ids": [1, 161]})"),
            R"({"text":"<s>a","emit":["<s>","a"],"flush":""})");
  EXPECT_EQ(lines({.task = Task::decode}).answer(R"({"ids": [2000]})"),
            R"({"error":"ids: 2000 is no token id; they go from 0 to 1999"})");
}

TEST(Tokenize, LaysOutAChatInItsMode) {
  const char* request = R"({"request": {"messages": [{"role": "user", "content": "a"},
      {"role": "assistant", "content": "b ", "prefix": true}]}})";
  EXPECT_EQ(lines({.task = Task::chat}).answer(request),
            R"({"ids":[1,3,161,4,162],"text":"<s>[INST]a[/INST]b","prefix_ids":[162]})");
  EXPECT_EQ(lines({.task = Task::chat, .mode = ChatMode::serving}).answer(request),
            R"({"error":"model: a server's request must name the model"})");
  EXPECT_EQ(lines({.task = Task::chat}).answer(R"({"request": {"prompt": "a"}})"),
            R"({"ids":[1,16,14,161],"text":"<s>[SUFFIX][PREFIX]a"})");
}

TEST(Tokenize, ParsesAnAnswer) {
  EXPECT_EQ(lines({.task = Task::parse}).answer(R"({"ids": [34, 161, 35, 162, 9, 163, 32, 2]})"),
            R"({"segments":[{"type":"thinking","text":"a","closed":true},)"
            R"({"type":"text","text":"b"},{"type":"call","name":"c","args":""}]})");
}

TEST(Tokenize, RefusesALayoutThatTheTokenizerCannotDo) {
  LoadedTokenizer loaded = load_tokenizer("tests/golden/tokenizer/small-tekken.json").value();
  loaded.settings.layout = Layout::chatml;
  const auto opened = LineTokenizer::of(std::move(loaded), {.task = Task::chat});
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().message.find("<|im_start|>"), std::string::npos);
}

}  // namespace
}  // namespace bise
