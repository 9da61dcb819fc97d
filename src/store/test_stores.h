#pragma once

// For the contract tests: each kind of store, empty, under a clock that the test moves.

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>

#include "base/text.h"
#include "store/open_store.h"

namespace bise::store {

// A folder that goes away with the test.
class TestFolder {
 public:
  TestFolder() {
    static std::atomic<int> count{0};
    path_ = std::filesystem::temp_directory_path() /
            concat("bise-store-", static_cast<std::int64_t>(getpid()), "-", count++);
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  std::string path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline Digest digest_of(std::uint8_t value) {
  Digest digest = {};
  digest.fill(value);
  return digest;
}

class StoreContract : public testing::TestWithParam<const char*> {
 protected:
  StoreContract() {
    const Clock clock = [this] { return now; };
    if (GetParam() == std::string("memory")) {
      store = memory_store(clock);
    } else {
      store = open_store(folder.path(), Opening::server, clock).value();
    }
    mira = store->add_user("Mira").value();
    noe = store->add_user("Noé").value();
  }

  // A question and an answer below `parent`.
  Message ask(const Chat& chat, const std::string& parent, const std::string& question,
              const std::string& answer) {
    const std::string asked =
        store->add_message(mira.id, chat.id, {.parent_id = parent, .content = question}).value().id;
    return store
        ->add_message(mira.id, chat.id,
                      {.parent_id = asked, .role = Role::assistant, .content = answer})
        .value();
  }

  TestFolder folder;
  TimeMs now = 1'700'000'000'000;
  std::unique_ptr<Store> store;
  User mira, noe;
};

template <class T>
testing::AssertionResult is_missing(const Result<T>& result, const std::string& what) {
  if (result.ok()) return testing::AssertionFailure() << "is there";
  if (result.error().code != ErrorCode::not_found ||
      result.error().message != "there is no such " + what) {
    return testing::AssertionFailure() << result.error().message;
  }
  return testing::AssertionSuccess();
}

}  // namespace bise::store
