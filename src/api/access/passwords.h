#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "api/access/attempts.h"
#include "base/result.h"
#include "http/worker_pool.h"
#include "store/store.h"

namespace bise::api {

// What one hash costs, of Argon2id with one lane (docs/decisions/0013).
struct PasswordCost {
  unsigned long long passes = 3;
  std::size_t memory_bytes = std::size_t{64} << 20;
};

// What a password is compared with where there is no hash: in libsodium's form, of that cost, with
// a result that belongs to no password (to find one would be to find a preimage).
std::string hash_of_nobody(const PasswordCost& cost);

inline constexpr std::size_t kPasswordLettersMin = 8;
inline constexpr std::size_t kPasswordBytesMax = 1024;

// Passwords are hashed on one thread, one after the other: however many are tried at once, they
// take the memory of one hash, and the server's own threads do not wait for them.
class Passwords {
 public:
  Passwords(PasswordCost cost, store::Clock now);

  // Runs the job on that thread. False: too many wait already, and it will not run.
  bool post(std::function<void()> job);
  // Runs what was posted and takes no more.
  void finish();

  // Both for jobs. The same work is done whether or not there is a hash to compare with.
  Result<std::string> hash(std::string_view password) const;
  bool matches(std::string_view password, const std::optional<std::string>& hash) const;

  // Takes one attempt of whoever is at that address, and one at that name. Returns 0, or after how
  // many seconds there is one again.
  int take_attempt(std::string_view address, std::string_view name);
  // It was the right password: neither attempt counts.
  void forgive_attempt(std::string_view address, std::string_view name);

 private:
  const PasswordCost cost_;
  const std::string nobodys_hash_;
  const store::Clock now_;
  Attempts by_address_, by_name_;
  std::atomic<int> waiting_{0};
  std::atomic<bool> is_finished_{false};
  http::WorkerPool thread_{1};
};

}  // namespace bise::api
