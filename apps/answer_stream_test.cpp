#include "apps/answer_stream.h"

#include <gtest/gtest.h>

#include <map>

namespace bise {
namespace {

using Kind = AnswerEvent::Kind;

// Ids of letters are their ASCII codes; 1 opens and 2 closes a thought, 0 ends.
class LetterTokenizer final : public Tokenizer {
 public:
  void encode(std::string_view text, std::vector<TokenId>& ids) const override {
    for (const char c : text) ids.push_back(static_cast<unsigned char>(c));
  }
  int vocab_size() const override { return 256; }
  std::optional<TokenId> control_id(std::string_view) const override { return {}; }
  bool is_control(TokenId id) const override { return id < 3; }
  std::string_view bytes(TokenId id) const override {
    static const std::string letters = [] {
      std::string all;
      for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
      return all;
    }();
    return std::string_view(letters).substr(static_cast<std::size_t>(id), 1);
  }
  std::optional<TokenId> bos_id() const override { return {}; }
  std::optional<TokenId> eos_id() const override { return 0; }
};

class AnswerStreamTest : public testing::Test {
 protected:
  // Texts and thoughts (in angle brackets) as they come out, and whether a stop sequence ended it.
  std::string run(const std::string& answer, const std::vector<std::string>& stops) {
    const AnswerMarks marks = {.end = 0,
                               .tool_calls = {},
                               .call_id = {},
                               .arguments = {},
                               .begin_think = 1,
                               .end_think = 2,
                               .calls_are_one_body = false};
    AnswerStream stream(tokenizer_, marks, stops);
    std::string out;
    const auto add = [&out](const std::vector<AnswerEvent>& events) {
      for (const AnswerEvent& event : events) {
        if (event.kind == Kind::text) out += event.text;
        if (event.kind == Kind::thinking) out += "<" + event.text + ">";
      }
    };
    for (const TokenId id : tokenizer_.Tokenizer::encode(answer)) {
      add(stream.push(id));
      if (stream.stopped()) break;
    }
    add(stream.finish());
    return stream.stopped() ? out + "|" : out;
  }
  LetterTokenizer tokenizer_;
};

TEST_F(AnswerStreamTest, EndsBeforeAStopSequence) {
  EXPECT_EQ(run("one two three", {"two"}), "one |");
  EXPECT_EQ(run("one two three", {}), "one two three");
  EXPECT_EQ(run("one tw", {"two"}), "one tw");
}

TEST_F(AnswerStreamTest, LooksForStopSequencesInTheTextOnly) {
  EXPECT_EQ(run("\x01"
                "ab\x02"
                "xab",
                {"ab"}),
            "<><a><b>x|");
}

TEST_F(AnswerStreamTest, AStopSequenceDoesNotReachAcrossAThought) {
  EXPECT_EQ(run("xa\x01q\x02"
                "b",
                {"ab"}),
            "xa<><q>b");
}

}  // namespace
}  // namespace bise
