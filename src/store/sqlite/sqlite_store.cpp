#include "store/sqlite/sqlite_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "store/open_store.h"
#include "store/sqlite/schema.h"

namespace bise::store {
namespace {

// Reading a file of this size whole takes less than a tenth of a second; a larger one is found
// damaged where it is read.
constexpr std::int64_t kCheckedBytesMax = 8 << 20;

// SQLite gives its other files the mode of this one.
Result<void> make_private(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) {
    return Error{ErrorCode::io,
                 concat(path, ": cannot be opened for writing (", std::strerror(errno),
                        "): make the folder and the file writable for this user")};
  }
  close(file);
  return {};
}

Result<void> check_whole(Connection& connection, const std::string& path) {
  const std::int64_t pages = TRY(connection.number("PRAGMA page_count"));
  const std::int64_t page_bytes = TRY(connection.number("PRAGMA page_size"));
  if (pages * page_bytes > kCheckedBytesMax) return {};
  Query check(connection, "PRAGMA quick_check(1)");
  if (!TRY(check.step())) return {};
  const std::string words = check.text();
  if (words == "ok") return {};
  return Error{ErrorCode::corrupt_file,
               concat(path, ": the file is damaged (", quoted(words),
                      "): put a copy made by `bise backup` in its place, or move it away to begin "
                      "with an empty one")};
}

}  // namespace

Result<std::unique_ptr<Store>> open_store(const std::string& folder, Opening opening, Clock clock) {
  const std::string path = folder + "/bise.db";
  Result<FolderLock> lock = FolderLock::take(folder);
  const bool locked = lock.ok();
  if (!locked && (opening == Opening::server || lock.error().code != ErrorCode::overloaded)) {
    return std::move(lock).error();
  }
  std::optional<FolderLock> kept;
  if (locked) kept = std::move(lock).value();
  std::unique_ptr<SqliteStore> store =
      TRY(SqliteStore::open(path, std::move(clock), std::move(kept)));
  if (opening == Opening::visitor) store->unlock();
  return std::unique_ptr<Store>(std::move(store));
}

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const std::string& path, Clock clock,
                                                       std::optional<FolderLock> lock) {
  TRY_VOID(make_private(path));
  std::unique_ptr<Connection> writer = TRY(Connection::open(path, Connection::Mode::read_write));
  // Before anything is written: whose file it is, and of which version.
  const auto migration = lock ? Migration::allowed : Migration::refused;
  TRY_VOID(migrate(*writer, path, migrations(), migration));
  TRY_VOID(
      writer->run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                  "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY"));
  TRY_VOID(check_whole(*writer, path));
  std::unique_ptr<Connection> reader = TRY(Connection::open(path, Connection::Mode::read_only));
  return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(lock), path, std::move(clock),
                                                      std::move(writer), std::move(reader)));
}

Result<void> SqliteStore::begin() {
  Query query(*writer_, "BEGIN IMMEDIATE");
  TRY(query.done());
  return {};
}

Result<void> SqliteStore::end(bool keep) {
  Result<void> outcome;
  if (keep) {
    Query commit(*writer_, "COMMIT");
    const Result<int> committed = commit.done();
    if (committed.ok()) return {};
    outcome = committed.error();
  }
  // Some failures have rolled it back already.
  if (writer_->in_transaction()) {
    Query rollback(*writer_, "ROLLBACK");
    if (const Result<int> undone = rollback.done(); !undone.ok() && outcome.ok()) {
      outcome = undone.error();
    }
  }
  return outcome;
}

Result<void> SqliteStore::backup(const std::string& path) {
  struct stat facts;
  if (lstat(path.c_str(), &facts) == 0) {
    return Error{ErrorCode::invalid_argument, concat(path, ": is there already")};
  }
  // A connection of its own: a read transaction of some seconds, beside which writes go on.
  const std::unique_ptr<Connection> source =
      TRY(Connection::open(path_, Connection::Mode::read_only));
  const mode_t mask = umask(077);
  Query copy(*source, "VACUUM INTO ?", path);
  Result<int> done = copy.done();
  umask(mask);
  if (!done.ok()) {
    unlink(path.c_str());
    return std::move(done).error().in("the copy");
  }
  return {};
}

Result<std::uint64_t> SqliteStore::size_bytes() {
  std::uint64_t sum = 0;
  for (const char* const ending : {"", "-wal"}) {
    struct stat facts;
    if (stat((path_ + ending).c_str(), &facts) == 0) {
      sum += static_cast<std::uint64_t>(facts.st_size);
    }
  }
  return sum;
}

}  // namespace bise::store
