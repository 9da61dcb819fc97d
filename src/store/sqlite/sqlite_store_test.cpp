#include <csignal>
#include <cstdio>
#include <fstream>
#include <set>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store/sqlite/schema.h"
#include "store/test_stores.h"

namespace bise::store {
namespace {

std::unique_ptr<Store> open_here(const TestFolder& folder) {
  return open_store(folder.path(), Opening::server).value();
}

// Writes until it is killed; each id is told once its write has been acknowledged.
[[noreturn]] void write_forever(const TestFolder& folder, int pipe) {
  const auto store = open_here(folder);
  const std::int64_t user_id = store->users().value()[0].id;
  const std::string chat_id = store->chats(user_id, {}).value()[0].id;
  while (true) {
    const std::string id =
        store->add_message(user_id, chat_id, {.content = "acknowledged"}).value().id;
    MessageChange change{.user_id = user_id, .message_id = id, .more_tokens = id};
    if (!store->change_messages({&change, 1}).ok()) _exit(2);
    if (write(pipe, id.data(), id.size()) != static_cast<ssize_t>(id.size())) _exit(3);
  }
}

// Ids told before the child was killed, after `count` of them at least.
std::vector<std::string> kill_a_writer(const TestFolder& folder, int count) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) write_forever(folder, ends[1]);
  close(ends[1]);
  constexpr std::size_t kIdBytes = 36;
  std::vector<std::string> told;
  std::string bytes;
  char buffer[4096];
  while (true) {
    const ssize_t size = read(ends[0], buffer, sizeof buffer);
    if (size <= 0) break;
    bytes.append(buffer, static_cast<std::size_t>(size));
    if (bytes.size() >= static_cast<std::size_t>(count) * kIdBytes) kill(child, SIGKILL);
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself";
  for (std::size_t at = 0; at + kIdBytes <= bytes.size(); at += kIdBytes) {
    told.push_back(bytes.substr(at, kIdBytes));
  }
  return told;
}

TEST(SqliteStore, WhatWasAcknowledgedSurvivesBeingKilled) {
  const char* const wanted = std::getenv("BISE_STORE_KILLS");
  const int kills = wanted != nullptr ? std::atoi(wanted) : 20;
  const TestFolder folder;
  std::int64_t user_id = 0;
  std::string chat_id;
  {
    const auto store = open_here(folder);
    user_id = store->add_user("Mira").value().id;
    chat_id = store->add_chat(user_id, {}).value().id;
  }
  std::set<std::string> told;
  for (int i = 0; i < kills; ++i) {
    const auto more = kill_a_writer(folder, 1 + i % 7);
    ASSERT_FALSE(more.empty());
    told.insert(more.begin(), more.end());
    const auto store = open_here(folder);
    std::set<std::string> kept;
    const auto messages = store->messages(user_id, chat_id).value();
    for (const Message& message : messages) kept.insert(message.id);
    for (const std::string& id : told) ASSERT_TRUE(kept.count(id)) << "lost after kill " << i;
    for (const std::string& id : more) EXPECT_EQ(store->tokens_of(user_id, id).value(), id);
  }
}

TEST(SqliteStore, AFullDiskIsAnErrorInWordsAndLosesNothing) {
  const TestFolder folder;
  const auto store = open_here(folder);
  const User mira = store->add_user("Mira").value();
  const Chat chat = store->add_chat(mira.id, {.title = "kept"}).value();
  ASSERT_TRUE(store->add_message(mira.id, chat.id, {.content = "kept"}).ok());
  struct stat facts;
  ASSERT_EQ(stat((folder.path() + "/bise.db-wal").c_str(), &facts), 0);
  // No file may grow beyond this: as if the disk had no room.
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit full{static_cast<rlim_t>(facts.st_size), before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &full), 0);
  const Result<Message> refused =
      store->add_message(mira.id, chat.id, {.content = std::string(100'000, 'x')});
  const Result<Chat> refused_too = store->add_chat(mira.id, {.title = std::string(9'000, 'y')});
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);

  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::io);
  EXPECT_NE(refused.error().message.find("nothing that was saved before is lost: free some space"),
            std::string::npos)
      << refused.error().message;
  EXPECT_FALSE(refused_too.ok());
  EXPECT_EQ(store->messages(mira.id, chat.id)->size(), 1u);
  EXPECT_EQ(store->chats(mira.id, {})->size(), 1u);
  EXPECT_TRUE(store->add_message(mira.id, chat.id, {.content = "room again"}).ok());
}

TEST(SqliteStore, AFolderHasOneServer) {
  const TestFolder folder;
  auto first = open_here(folder);
  const auto second = open_store(folder.path(), Opening::server);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::overloaded);
  EXPECT_NE(second.error().message.find(concat("process ", static_cast<std::int64_t>(getpid()))),
            std::string::npos)
      << second.error().message;
  // A command beside it works with the same rows.
  const auto visitor = open_store(folder.path(), Opening::visitor).value();
  ASSERT_TRUE(visitor->add_user("Mira").ok());
  EXPECT_EQ(first->users()->size(), 1u);
  first.reset();
  EXPECT_TRUE(open_store(folder.path(), Opening::server).ok());
}

TEST(SqliteStore, FilesAreForTheirOwnerAlone) {
  const TestFolder folder;
  const auto store = open_here(folder);
  ASSERT_TRUE(store->add_user("Mira").ok());
  struct stat facts;
  ASSERT_EQ(stat(folder.path().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0700u);
  for (const char* const name : {"/bise.db", "/bise.db-wal", "/bise.db-shm", "/lock"}) {
    ASSERT_EQ(stat((folder.path() + name).c_str(), &facts), 0) << name;
    EXPECT_EQ(facts.st_mode & 0777, 0600u) << name;
  }
}

TEST(SqliteStore, AnEmptyFileOfVersionZeroIsBroughtUp) {
  const TestFolder folder;
  std::filesystem::create_directory(folder.path());
  {
    auto connection =
        Connection::open(folder.path() + "/bise.db", Connection::Mode::read_write).value();
    ASSERT_TRUE(connection->run("PRAGMA user_version = 0").ok());
  }
  ASSERT_TRUE(open_here(folder)->add_user("Mira").ok());
  auto connection =
      Connection::open(folder.path() + "/bise.db", Connection::Mode::read_only).value();
  EXPECT_EQ(connection->number("PRAGMA user_version").value(),
            static_cast<std::int64_t>(migrations().size()));
  EXPECT_EQ(open_here(folder)->users()->size(), 1u);
}

TEST(SqliteStore, MigrationsGoThroughAllTheWayOrNotAtAll) {
  const TestFolder folder;
  std::filesystem::create_directory(folder.path());
  const std::string path = folder.path() + "/made.db";
  const auto connection = Connection::open(path, Connection::Mode::read_write).value();
  const char* const steps[] = {"CREATE TABLE a (x INTEGER)", "INSERT INTO a VALUES (7)",
                               "INSERT INTO nowhere VALUES (7)"};
  const auto all = std::span<const char* const>(steps);
  ASSERT_TRUE(migrate(*connection, path, all.first(1), Migration::allowed).ok());
  EXPECT_EQ(migrate(*connection, path, all.first(2), Migration::refused).error().code,
            ErrorCode::overloaded);
  EXPECT_FALSE(migrate(*connection, path, all, Migration::allowed).ok());
  EXPECT_EQ(connection->number("PRAGMA user_version").value(), 1);
  EXPECT_EQ(connection->number("SELECT count(*) FROM a").value(), 0);
  ASSERT_TRUE(migrate(*connection, path, all.first(2), Migration::allowed).ok());
  EXPECT_EQ(connection->number("SELECT x FROM a").value(), 7);
  const Result<void> older = migrate(*connection, path, all.first(1), Migration::allowed);
  ASSERT_FALSE(older.ok());
  EXPECT_EQ(older.error().code, ErrorCode::not_supported);
  EXPECT_NE(older.error().message.find("newer bise (version 2"), std::string::npos);
}

TEST(SqliteStore, FilesThatAreNotItsOwnStayAsTheyAre) {
  const TestFolder folder;
  std::filesystem::create_directory(folder.path());
  const std::string path = folder.path() + "/bise.db";
  std::ofstream(path) << std::string(8192, 'x');
  const auto text = open_store(folder.path(), Opening::server);
  ASSERT_FALSE(text.ok());
  EXPECT_EQ(text.error().code, ErrorCode::corrupt_file);
  EXPECT_NE(text.error().message.find("bise backup"), std::string::npos) << text.error().message;
  EXPECT_EQ(std::filesystem::file_size(path), 8192u);
  std::filesystem::remove(path);
  ASSERT_TRUE(Connection::open(path, Connection::Mode::read_write)
                  .value()
                  ->run("CREATE TABLE somebody_elses (x)")
                  .ok());
  EXPECT_EQ(open_store(folder.path(), Opening::server).error().code, ErrorCode::not_supported);
}

TEST(SqliteStore, ADamagedFileIsToldWhenItIsOpened) {
  const TestFolder folder;
  const std::string path = folder.path() + "/bise.db";
  {
    const auto store = open_here(folder);
    const User mira = store->add_user("Mira").value();
    for (int i = 0; i < 50; ++i) {
      ASSERT_TRUE(store->add_chat(mira.id, {.title = std::string(500, 'a')}).ok());
    }
  }
  const auto size = std::filesystem::file_size(path);
  ASSERT_GT(size, 40'000u);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(8192);
  file << std::string(static_cast<std::size_t>(size) - 8192, '\x5A');
  file.close();
  const auto store = open_store(folder.path(), Opening::server);
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.error().code, ErrorCode::corrupt_file) << store.error().message;
}

TEST(SqliteStore, ACopyIsCompleteWhileWorkGoesOn) {
  const TestFolder folder, elsewhere;
  const auto store = open_here(folder);
  const User mira = store->add_user("Mira").value();
  const Chat chat = store->add_chat(mira.id, {.title = "copied"}).value();
  ASSERT_TRUE(store->add_message(mira.id, chat.id, {.content = "find me"}).ok());
  std::filesystem::create_directory(elsewhere.path());
  const std::string copy = elsewhere.path() + "/bise.db";
  ASSERT_TRUE(store->backup(copy).ok());
  EXPECT_EQ(store->backup(copy).error().code, ErrorCode::invalid_argument);
  ASSERT_TRUE(store->add_chat(mira.id, {.title = "later"}).ok());
  const auto restored = open_here(elsewhere);
  EXPECT_EQ(restored->chats(mira.id, {})->size(), 1u);
  EXPECT_EQ(restored->search(mira.id, "find", 10)->size(), 1u);
  EXPECT_GT(store->size_bytes().value(), 0u);
  EXPECT_FALSE(store->backup("/nowhere/at/all.db").ok());
}

}  // namespace
}  // namespace bise::store
