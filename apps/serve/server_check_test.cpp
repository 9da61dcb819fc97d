#include "apps/serve/server_check.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "apps/serve/server_note.h"
#include "base/text.h"
#include "formats/test_files.h"
#include "store/open_store.h"

namespace bise {
namespace {

class ServerCheck : public testing::Test {
 protected:
  const test::TemporaryFolder temporary_;
  const std::string& folder_ = temporary_.path();

  // "good" or "bad" and the text; "none" without a finding of that subject.
  std::string finding(const std::string& subject) const {
    const auto all = check_server(folder_);
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const auto& one) { return one.subject == subject; });
    return found == all.end() ? "none" : concat(found->good ? "good: " : "bad: ", found->text);
  }
};

TEST_F(ServerCheck, AnEmptyFolderIsNoFault) {
  EXPECT_EQ(finding("server"), "good: none runs on this data folder (bise serve starts one)");
  EXPECT_TRUE(finding("store").starts_with("good: none yet"));
  EXPECT_EQ(finding("secrets"), "none");
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/bise.db"));
}

TEST_F(ServerCheck, ReadsTheStore) {
  store::open_store(folder_, store::Opening::server).value()->add_user("Mira").value();
  EXPECT_TRUE(finding("store").starts_with("good: ")) << finding("store");
  EXPECT_TRUE(finding("store").ends_with("users: 1")) << finding("store");
}

TEST_F(ServerCheck, NamesADamagedStoreAndSecretsThatAreOpen) {
  ::chmod(temporary_.write("bise.db", std::string(5000, 'x')).c_str(), 0600);
  ::chmod(temporary_.write("key", "a-key\n").c_str(), 0644);
  EXPECT_TRUE(finding("store").starts_with("bad: ")) << finding("store");
  EXPECT_TRUE(finding("secrets").starts_with("bad: ")) << finding("secrets");
  EXPECT_NE(finding("secrets").find("chmod 600"), std::string::npos);
}

TEST_F(ServerCheck, NamesAServerThatDoesNotAnswerAndWhoReachesIt) {
  // This process is alive, and nothing listens on the port of TCPMUX.
  const ServerNote note = {.pid = ::getpid(),
                           .address = "http://127.0.0.1:1",
                           .host = "127.0.0.1",
                           .bound = "0.0.0.0",
                           .port = 1,
                           .tls = false};
  ASSERT_TRUE(write_server_note(folder_, note).ok());
  EXPECT_NE(finding("server").find("does not answer"), std::string::npos) << finding("server");
  EXPECT_TRUE(finding("network").starts_with("bad: other machines reach it at 0.0.0.0"));
}

}  // namespace
}  // namespace bise
