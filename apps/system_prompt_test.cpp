#include "apps/system_prompt.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace bise {
namespace {

TEST(SystemMessage, MakesAThoughtOfTheWordsForIt) {
  const ChatMessage message = system_message("How:[THINK]so[/THINK]then", Layout::v13);
  ASSERT_EQ(message.content.size(), 3U);
  EXPECT_EQ(std::get<TextChunk>(message.content[0]).text, "How:");
  EXPECT_EQ(std::get<ThinkingChunk>(message.content[1]).text, "so");
  EXPECT_EQ(std::get<TextChunk>(message.content[2]).text, "then");
}

TEST(SystemMessage, LeavesTextAsItIsElsewhere) {
  for (const auto& [text, layout] :
       {std::pair("a[THINK]b[/THINK]c", Layout::v7), std::pair("a[THINK]b", Layout::v13),
        std::pair("[/THINK]", Layout::v13), std::pair("", Layout::v13)}) {
    const ChatMessage message = system_message(text, layout);
    ASSERT_EQ(message.content.size(), 1U);
    EXPECT_EQ(std::get<TextChunk>(message.content[0]).text, text);
  }
}

TEST(ShippedSystemPrompt, IsReadFromTheFolderAndFilledIn) {
  namespace fs = std::filesystem;
  const std::string folder = testing::TempDir() + "/bise-shipped-prompt";
  fs::remove_all(folder);
  fs::copy("tests/golden/text/dense/hf", folder);
  const Checkpoint plain = Checkpoint::open(folder).value();
  EXPECT_FALSE(shipped_system_prompt(plain, "m", 0).has_value());
  std::ofstream(folder + "/SYSTEM_PROMPT.txt") << "You are {name}. {today} follows {yesterday}.";
  std::tm noon = {};
  noon.tm_year = 126;
  noon.tm_mon = 2;
  noon.tm_mday = 1;
  noon.tm_hour = 12;
  noon.tm_isdst = -1;
  EXPECT_EQ(shipped_system_prompt(plain, "m", std::mktime(&noon)),
            "You are m. 2026-03-01 follows 2026-02-28.");
  fs::remove_all(folder);
}

}  // namespace
}  // namespace bise
