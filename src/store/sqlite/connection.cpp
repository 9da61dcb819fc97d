#include "store/sqlite/connection.h"

#include <sqlite3.h>

#include <cerrno>
#include <cstring>

#include "base/text.h"

namespace bise::store {
namespace {

// A command beside the server may hold the file for a moment.
constexpr int kBusyWaitMs = 10'000;

Error write_failure(const std::string& path, int system_error) {
  const bool full = system_error == 0 || system_error == ENOSPC || system_error == EDQUOT;
  return {ErrorCode::io,
          concat(path, full ? ": there is no room left on the disk" : ": cannot be written (",
                 full ? "" : std::strerror(system_error), full ? "" : ")",
                 "; nothing that was saved before is lost: free some space and try again")};
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open(const std::string& path, Mode mode) {
  sqlite3* database = nullptr;
  const int flags =
      mode == Mode::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  const int code = sqlite3_open_v2(path.c_str(), &database, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<Connection> connection(new Connection(path, database));
  if (database == nullptr) return Error{ErrorCode::out_of_memory, concat(path, ": no memory")};
  sqlite3_extended_result_codes(database, 1);
  if (code != SQLITE_OK) return connection->failure(sqlite3_extended_errcode(database));
  sqlite3_busy_timeout(database, kBusyWaitMs);
  sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  return connection;
}

Connection::~Connection() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(database_);
}

Result<void> Connection::run(const std::string& sql) {
  const int code = sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(code);
  return {};
}

Result<std::int64_t> Connection::number(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v2(database_, sql.c_str(), -1, &statement, nullptr);
  if (code == SQLITE_OK) code = sqlite3_step(statement);
  const std::int64_t value = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
  std::optional<Error> error;
  if (code != SQLITE_ROW && code != SQLITE_DONE) error = failure(code);
  sqlite3_finalize(statement);
  if (error) return *std::move(error);
  return value;
}

int Connection::changed_rows() const {
  return sqlite3_changes(database_);
}

std::int64_t Connection::last_row() const {
  return sqlite3_last_insert_rowid(database_);
}

bool Connection::in_transaction() const {
  return sqlite3_get_autocommit(database_) == 0;
}

Error Connection::failure(int code) const {
  const char* words = database_ != nullptr ? sqlite3_errmsg(database_) : sqlite3_errstr(code);
  switch (code & 0xff) {
    case SQLITE_FULL:
      return write_failure(path_, 0);
    case SQLITE_IOERR:
      if (code == SQLITE_IOERR_READ || code == SQLITE_IOERR_SHORT_READ) break;
      return write_failure(path_, sqlite3_system_errno(database_));
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {ErrorCode::corrupt_file,
              concat(path_, ": the file is damaged (", words,
                     "): put a copy made by `bise backup` in its place, or move it away to begin "
                     "with an empty one")};
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return {ErrorCode::io, concat(path_, ": cannot be opened for writing (", words,
                                    "): make the folder and the file writable for this user")};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorCode::overloaded,
              concat(path_, ": another program holds the file; try again when it has ended")};
    case SQLITE_NOMEM:
      return {ErrorCode::out_of_memory, concat(path_, ": no memory")};
    case SQLITE_CONSTRAINT:
      if (code == SQLITE_CONSTRAINT_FOREIGNKEY) {
        return {ErrorCode::not_found, "what this belongs to is not there"};
      }
      return {ErrorCode::invalid_argument, concat("the store refuses it: ", words)};
    default:
      break;
  }
  return {ErrorCode::io, concat(path_, ": ", words)};
}

sqlite3_stmt* Connection::prepared(std::string_view sql) {
  const auto known = statements_.find(sql);
  if (known != statements_.end()) return known->second;
  sqlite3_stmt* statement = nullptr;
  sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                     &statement, nullptr);
  if (statement != nullptr) statements_.emplace(sql, statement);
  return statement;
}

Query::Query(Connection& connection, std::string_view sql, Prepared)
    : connection_(connection), statement_(connection.prepared(sql)) {
  code_ = statement_ != nullptr ? SQLITE_OK : sqlite3_extended_errcode(connection.raw());
}

Query::~Query() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Result<bool> Query::step() {
  if (code_ != SQLITE_OK) return connection_.failure(code_);
  next_column_ = 0;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return connection_.failure(code);
}

Result<int> Query::done() {
  while (TRY(step())) {
  }
  return connection_.changed_rows();
}

std::int64_t Query::integer() {
  return sqlite3_column_int64(statement_, next_column_++);
}

double Query::real() {
  return sqlite3_column_double(statement_, next_column_++);
}

std::string Query::text() {
  const int column = next_column_++;
  const void* bytes = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return bytes == nullptr
             ? std::string()
             : std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

std::optional<std::int64_t> Query::optional_integer() {
  if (null_next()) return std::nullopt;
  --next_column_;
  return integer();
}

std::optional<std::string> Query::optional_text() {
  if (null_next()) return std::nullopt;
  --next_column_;
  return text();
}

bool Query::null_next() {
  return sqlite3_column_type(statement_, next_column_++) == SQLITE_NULL;
}

void Query::note(int code) {
  if (code_ == SQLITE_OK) code_ = code;
  ++next_value_;
}

void Query::bind(std::int64_t value) {
  note(sqlite3_bind_int64(statement_, next_value_, value));
}

void Query::bind(double value) {
  note(sqlite3_bind_double(statement_, next_value_, value));
}

void Query::bind(std::string_view value) {
  // Never null: an empty text is a text.
  const char* bytes = value.data() == nullptr ? "" : value.data();
  note(sqlite3_bind_text64(statement_, next_value_, bytes, value.size(), SQLITE_TRANSIENT,
                           SQLITE_UTF8));
}

void Query::bind(const Blob& value) {
  const char* bytes = value.bytes.data() == nullptr ? "" : value.bytes.data();
  note(sqlite3_bind_blob64(statement_, next_value_, bytes, value.bytes.size(), SQLITE_TRANSIENT));
}

void Query::bind(const Digest& value) {
  note(sqlite3_bind_blob64(statement_, next_value_, value.data(), value.size(), SQLITE_TRANSIENT));
}

void Query::bind(std::nullopt_t) {
  note(sqlite3_bind_null(statement_, next_value_));
}

}  // namespace bise::store
