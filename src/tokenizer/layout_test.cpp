#include "tokenizer/layout.h"

#include <gtest/gtest.h>

#include <set>

namespace bise {
namespace {

// Nothing but names.
class Names final : public Tokenizer {
 public:
  explicit Names(std::set<std::string, std::less<>> names) : names_(std::move(names)) {}
  void encode(std::string_view, std::vector<TokenId>&) const override {}
  int vocab_size() const override { return 0; }
  std::optional<TokenId> control_id(std::string_view name) const override {
    return names_.contains(name) ? std::optional<TokenId>(0) : std::nullopt;
  }
  bool is_control(TokenId) const override { return true; }
  std::string_view bytes(TokenId) const override { return {}; }
  std::optional<TokenId> bos_id() const override { return std::nullopt; }
  std::optional<TokenId> eos_id() const override { return std::nullopt; }

 private:
  std::set<std::string, std::less<>> names_;
};

TEST(Layout, IsChosenByWhatTheFileHas) {
  const auto chosen = [](std::set<std::string, std::less<>> names, const LayoutHints& hints) {
    const LayoutChoice choice = choose_layout(Names(std::move(names)), hints);
    EXPECT_FALSE(choice.reason.empty());
    return choice.layout;
  };
  const LayoutHints none;
  EXPECT_EQ(chosen({}, {.pre_tokenizer = "smollm", .chat_template = {}}), Layout::chatml);
  EXPECT_EQ(chosen({"<|im_start|>", "[THINK]"}, none), Layout::chatml);
  EXPECT_EQ(chosen({"[MODEL_SETTINGS]", "[THINK]", "[ARGS]"}, none), Layout::v15);
  EXPECT_EQ(chosen({"[THINK]", "[ARGS]"}, none), Layout::v13);
  EXPECT_EQ(chosen({"[ARGS]"}, {.pre_tokenizer = {}, .chat_template = "x[ARGS]y"}), Layout::v13);
  EXPECT_EQ(chosen({"[ARGS]"}, {.pre_tokenizer = {}, .chat_template = "[CALL_ID][ARGS]"}),
            Layout::v11);
  EXPECT_EQ(chosen({"[ARGS]"}, none), Layout::v11);
  EXPECT_EQ(chosen({}, none), Layout::v7);
  EXPECT_EQ(chosen({}, {.pre_tokenizer = {}, .chat_template = "[SYSTEM_PROMPT]"}), Layout::v7);
  EXPECT_EQ(chosen({}, {.pre_tokenizer = {}, .chat_template = "[INST]"}), Layout::v3);
}

TEST(Layout, HasANameThatIsFoundAgain) {
  for (const Layout layout :
       {Layout::v3, Layout::v7, Layout::v11, Layout::v13, Layout::v15, Layout::chatml}) {
    EXPECT_EQ(find_layout(layout_name(layout)), layout);
  }
  EXPECT_EQ(find_layout("v4"), std::nullopt);
  EXPECT_EQ(find_layout(""), std::nullopt);
  EXPECT_EQ(layout_names(), "v3, v7, v11, v13, v15, chatml");
}

}  // namespace
}  // namespace bise
