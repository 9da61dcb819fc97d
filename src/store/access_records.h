#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace bise::store {

// Milliseconds since 1970, UTC.
using TimeMs = std::int64_t;

// SHA-256 of a secret; the secret itself is never here.
using Digest = std::array<std::uint8_t, 32>;

// Row ids (std::int64_t, from 1) stay inside the program; what a client sees and says is the
// public id, a prefix and 128 random bits: "key_5f…".

struct User {
  std::int64_t id = 0;
  std::string public_id = {};
  std::string name = {};
  bool is_owner = false;  // the first one
  // As its own format writes it; none: signs in by link.
  std::optional<std::string> password_hash = {};
  TimeMs created_at = 0;
};

struct NewSession {
  std::int64_t user_id = 0;
  Digest digest = {};  // of the cookie
  std::string user_agent = {};
};

struct Session {
  std::int64_t id = 0;
  std::string public_id = {};
  std::int64_t user_id = 0;
  std::string user_agent = {};
  TimeMs created_at = 0;
  TimeMs last_seen_at = 0;
};

struct SessionAndUser {
  Session session = {};
  User user = {};
};

struct NewKey {
  std::int64_t user_id = 0;
  Digest digest = {};  // of the secret
  std::string name = {};
  std::string hint = {};     // what of the secret may be shown: its first letters
  std::uint32_t scopes = 0;  // a bit each, as the layer above numbers them
  int lane = 0;              // the most urgent it may have, as the engine numbers them
  std::optional<TimeMs> expires_at = {};
  std::optional<std::int64_t> requests_per_minute = {};
  std::optional<std::int64_t> tokens_per_day = {};
};

struct Key {
  std::int64_t id = 0;
  std::string public_id = {};
  std::int64_t user_id = 0;
  std::string name = {};
  std::string hint = {};
  std::uint32_t scopes = 0;
  int lane = 0;
  TimeMs created_at = 0;
  std::optional<TimeMs> expires_at = {};
  std::optional<std::int64_t> requests_per_minute = {};
  std::optional<std::int64_t> tokens_per_day = {};
  std::optional<TimeMs> last_used_at = {};
  std::int64_t tokens = 0;  // of all its requests
};

struct KeyAndUser {
  Key key = {};
  User user = {};
};

// One request that has ended, or was refused. Texts are not here, only counts and times.
struct RequestRow {
  std::string id = {};         // as its answer's fields carry it
  std::string answer_id = {};  // as its body does; "": none
  std::int64_t user_id = 0;    // 0: nobody
  std::int64_t key_id = 0;     // 0: a session, or the key of the environment
  TimeMs began_at = 0;
  std::string route = {};   // "/v1/chat/completions"
  std::string family = {};  // "mistral"
  std::string model = {};
  int lane = 0;
  bool streams = false;
  int choices = 1;
  std::uint64_t seed = 0;
  int status = 0;            // of HTTP
  std::string outcome = {};  // "stop", "length", "cancelled", "error", "refused"
  std::string error = {};    // a sentence, or ""
  std::int64_t prompt_tokens = 0;
  std::int64_t cached_tokens = 0;
  std::int64_t completion_tokens = 0;
  double queue_s = 0;
  double prefill_s = 0;
  double decode_s = 0;
  double total_s = 0;
};

}  // namespace bise::store
