#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/access_records.h"

struct sqlite3;
struct sqlite3_stmt;

namespace bise::store {

// One connection to the file. One thread at a time.
class Connection {
 public:
  enum class Mode { read_write, read_only };

  static Result<std::unique_ptr<Connection>> open(const std::string& path, Mode mode);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Statements without values, one or several.
  Result<void> run(const std::string& sql);
  // The first column of the first row.
  Result<std::int64_t> number(const std::string& sql);

  int changed_rows() const;
  std::int64_t last_row() const;
  bool in_transaction() const;
  sqlite3* raw() const { return database_; }

  // What SQLite's last answer on this connection means, and what to do.
  Error failure(int code) const;

 private:
  friend class Query;
  Connection(std::string path, sqlite3* database) : path_(std::move(path)), database_(database) {}
  // Prepared once for each text.
  sqlite3_stmt* prepared(std::string_view sql);

  std::string path_;
  sqlite3* database_;
  std::map<std::string, sqlite3_stmt*, std::less<>> statements_;
};

struct Blob {
  std::string_view bytes;
};

// One use of a statement: values in the order of their question marks, then rows. Columns are read
// in order. A failure to prepare or to bind comes out of step() or done().
class Query {
 public:
  template <class... Values>
  Query(Connection& connection, std::string_view sql, const Values&... values)
      : Query(connection, sql, Prepared{}) {
    (bind(values), ...);
  }
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // Whether there is a (next) row.
  Result<bool> step();
  // For statements without rows: how many rows were changed.
  Result<int> done();

  std::int64_t integer();
  int small() { return static_cast<int>(integer()); }
  bool flag() { return integer() != 0; }
  double real();
  std::string text();
  std::optional<std::int64_t> optional_integer();
  std::optional<std::string> optional_text();
  bool null_next();  // and passes over it

 private:
  struct Prepared {};
  Query(Connection& connection, std::string_view sql, Prepared);

  void bind(std::int64_t value);
  void bind(int value) { bind(static_cast<std::int64_t>(value)); }
  void bind(bool value) { bind(static_cast<std::int64_t>(value)); }
  void bind(double value);
  void bind(std::string_view value);
  void bind(const std::string& value) { bind(std::string_view(value)); }
  void bind(const char* value) { bind(std::string_view(value)); }
  void bind(const Blob& value);
  void bind(const Digest& value);
  void bind(std::nullopt_t);
  template <class T>
  void bind(const std::optional<T>& value) {
    if (value)
      bind(*value);
    else
      bind(std::nullopt);
  }
  void note(int code);

  Connection& connection_;
  sqlite3_stmt* statement_;
  int code_;
  int next_value_ = 1;
  int next_column_ = 0;
};

// 64 bits without a sign, as SQLite keeps them.
inline std::int64_t as_signed(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

}  // namespace bise::store
