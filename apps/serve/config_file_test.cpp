#include "apps/serve/config_file.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdio>
#include <fstream>

namespace bise {
namespace {

using Words = std::vector<std::string>;

class ConfigFile : public testing::Test {
 protected:
  std::string path_ = testing::TempDir() + "/bise_config_test.toml";

  void write(const char* text) { std::ofstream(path_) << text; }
  void TearDown() override { std::remove(path_.c_str()); }
};

TEST_F(ConfigFile, StandsBehindTheCommandLine) {
  write("port = 8000\nalias = [\"a=b\", \"c=d\"]\nmodels = [\"starter\"]\nmetrics-open = true\n");
  const auto words = with_config_file({"serve", "--config", path_, "--drain=3"});
  ASSERT_TRUE(words.ok());
  EXPECT_EQ(*words, (Words{"serve", "--config", path_, "--drain=3", "--port=8000", "--alias=a=b",
                           "--alias=c=d", "starter", "--metrics-open=true"}));
}

TEST_F(ConfigFile, GivesWayToFlagsAndEnvironment) {
  write("port = 8000\npublic-url = \"https://a\"\nqueue = 5\n");
  ::setenv("BISE_PUBLIC_URL", "https://b", 1);
  const auto words = with_config_file({"serve", "--config=" + path_, "--port", "1"});
  ::unsetenv("BISE_PUBLIC_URL");
  ASSERT_TRUE(words.ok());
  EXPECT_EQ(*words, (Words{"serve", "--config=" + path_, "--port", "1", "--queue=5"}));
}

TEST_F(ConfigFile, NamesTheFileThatCannotBeRead) {
  const auto missing = with_config_file({"serve", "--config", path_ + ".none"});
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.error().message.find(".none"), std::string::npos);
  write("[section]\nport = 1\n");
  EXPECT_FALSE(with_config_file({"serve", "--config", path_}).ok());
}

}  // namespace
}  // namespace bise
