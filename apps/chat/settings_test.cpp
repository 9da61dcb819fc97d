#include "apps/chat/settings.h"

#include <gtest/gtest.h>

namespace bise {
namespace {

TEST(ChangeSetting, ChangesWhatItNames) {
  ChatSettings settings;
  EXPECT_TRUE(change_setting(settings, "temperature", "0.7", 100).ok());
  EXPECT_FLOAT_EQ(settings.sampling.temperature, 0.7F);
  EXPECT_TRUE(change_setting(settings, "top_k", "40", 100).ok());
  EXPECT_EQ(settings.sampling.top_k, 40);
  EXPECT_TRUE(change_setting(settings, "seed", "12", 100).ok());
  EXPECT_EQ(settings.seed, 12U);
  EXPECT_TRUE(change_setting(settings, "seed", "random", 100).ok());
  EXPECT_FALSE(settings.seed.has_value());
  EXPECT_TRUE(change_setting(settings, "thinking", "hide", 100).ok());
  EXPECT_EQ(settings.thinking, ThinkingShown::hidden);
  EXPECT_TRUE(change_setting(settings, "stats", "on", 100).ok());
  EXPECT_TRUE(settings.stats);
  EXPECT_TRUE(change_setting(settings, "max_tokens", "64", 100).ok());
  EXPECT_EQ(settings.tokens_max, 64);
}

TEST(ChangeSetting, RefusesWhatCannotBeAndChangesNothing) {
  const std::pair<const char*, const char*> wrong[] = {
      {"temperature", "warm"}, {"temperature", "-1"}, {"temperature", "nan"}, {"temperature", ""},
      {"top_p", "1.5"},        {"top_k", "3.5"},      {"seed", "-3"},         {"stats", "yes"},
      {"thinking", "loud"},    {"max_tokens", "-1"},  {"colour", "red"}};
  for (const auto& [name, value] : wrong) {
    ChatSettings settings;
    const auto changed = change_setting(settings, name, value, 100);
    ASSERT_FALSE(changed.ok()) << name << " " << value;
    EXPECT_EQ(changed.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(changed.error().message.find(name), std::string::npos);
    EXPECT_EQ(settings.sampling.temperature, 0);
    EXPECT_EQ(settings.sampling.top_p, 1);
    EXPECT_FALSE(settings.stats);
  }
}

TEST(SettingLines, ListEveryNameThatCanBeChanged) {
  ChatSettings settings;
  for (const SettingLine& line : setting_lines(settings)) {
    EXPECT_TRUE(change_setting(settings, line.name, line.value, 100).ok()) << line.name;
    EXPECT_FALSE(line.help.empty());
  }
}

}  // namespace
}  // namespace bise
