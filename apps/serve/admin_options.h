#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bise {

// Verbs that work on the data folder, beside a server that may run. Each returns the exit code.

struct KeysOptions {
  enum class Task { list, add, revoke };
  Task task = Task::list;
  std::string name;  // of a new key; of one to revoke its id
  std::vector<std::string> scopes;
  std::string lane = "completion";
  std::optional<int> days;  // until it expires
  std::optional<std::int64_t> requests_per_minute, tokens_per_day;
  bool json = false;
};
int run_keys(const KeysOptions& options);

struct LinkOptions {
  std::string user;  // by name; none: the owner
};
int run_link(const LinkOptions& options);

struct BackupOptions {
  std::string path;
};
int run_backup(const BackupOptions& options);

struct PsOptions {
  bool json = false;
};
int run_ps(const PsOptions& options);

}  // namespace bise
