#include "api/access/passwords.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <utility>

#include "api/access/addresses.h"
#include "base/check.h"
#include "base/text.h"

namespace bise::api {
namespace {

// A hash takes tenths of a second: who would wait longer than a few seconds is told so at once.
constexpr int kWaitingMax = 16;

constexpr AttemptLimit kByAddress = {.burst = 20, .per_minute = 10};
constexpr AttemptLimit kByName = {.burst = 10, .per_minute = 2};

// Of an IPv6 address the network, 64 bits, of which whoever has one address has all.
std::string network_of(std::string_view text) {
  const std::optional<Address> address = parse_address(text);
  if (!address) return std::string(text);
  return std::string(address->begin(), is_mapped(*address) ? address->end() : address->begin() + 8);
}

}  // namespace

std::string hash_of_nobody(const PasswordCost& cost) {
  return concat("$argon2id$v=19$m=", cost.memory_bytes / 1024, ",t=", cost.passes, ",p=1$",
                std::string(22, 'A'), "$", std::string(43, 'A'));
}

Passwords::Passwords(PasswordCost cost, store::Clock now)
    : cost_(cost),
      nobodys_hash_(hash_of_nobody(cost)),
      now_(std::move(now)),
      by_address_(kByAddress),
      by_name_(kByName) {
  CHECK(::sodium_init() >= 0);
}

bool Passwords::post(std::function<void()> job) {
  if (is_finished_) return false;
  if (waiting_.fetch_add(1) >= kWaitingMax) {
    waiting_.fetch_sub(1);
    return false;
  }
  thread_.post([this, job = std::move(job)] {
    job();
    waiting_.fetch_sub(1);
  });
  return true;
}

void Passwords::finish() {
  if (!is_finished_.exchange(true)) thread_.stop();
}

Result<std::string> Passwords::hash(std::string_view password) const {
  std::array<char, crypto_pwhash_STRBYTES> text = {};
  if (::crypto_pwhash_argon2id_str(text.data(), password.data(), password.size(), cost_.passes,
                                   cost_.memory_bytes) != 0) {
    return Error{ErrorCode::out_of_memory, "there is not enough memory to hash a password"};
  }
  return std::string(text.data());
}

bool Passwords::matches(std::string_view password, const std::optional<std::string>& hash) const {
  const std::string& text = hash ? *hash : nobodys_hash_;
  // What is longer than any password is tried like one, and is none.
  const std::string_view tried = password.substr(0, kPasswordBytesMax);
  const bool is_same =
      ::crypto_pwhash_argon2id_str_verify(text.c_str(), tried.data(), tried.size()) == 0;
  return is_same && hash && tried.size() == password.size();
}

int Passwords::take_attempt(std::string_view address, std::string_view name) {
  const store::TimeMs now = now_();
  const std::string network = network_of(address);
  if (const int wait_s = by_address_.take(network, now); wait_s > 0) return wait_s;
  return by_name_.take(name, now);
}

void Passwords::forgive_attempt(std::string_view address, std::string_view name) {
  by_address_.give_back(network_of(address));
  by_name_.give_back(name);
}

}  // namespace bise::api
