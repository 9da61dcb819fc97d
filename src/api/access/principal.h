#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/generation.h"
#include "http/message.h"
#include "http/router.h"

namespace bise::api {

// What a key may be used for. A user signed in to the page has all of them for what is theirs.
enum class Scope : std::uint8_t {
  inference,  // models, completions, tokenizing
  chats,      // the user's own chats and feedback
  metrics,    // /metrics
  admin,      // users, models, settings of the server; owners only
};
inline constexpr int kScopeCount = 4;

// "inference", as keys are made and shown with it.
std::string_view scope_name(Scope scope);
std::optional<Scope> find_scope(std::string_view name);

// A set of scopes, as it stands in the store.
class Scopes {
 public:
  constexpr Scopes() = default;
  constexpr explicit Scopes(std::uint32_t bits) : bits_(bits) {}
  static constexpr Scopes all() { return Scopes((1u << kScopeCount) - 1); }

  constexpr bool has(Scope scope) const { return (bits_ >> static_cast<int>(scope) & 1) != 0; }
  constexpr Scopes with(Scope scope) const { return Scopes(bits_ | 1u << static_cast<int>(scope)); }
  constexpr std::uint32_t bits() const { return bits_; }
  friend constexpr bool operator==(Scopes, Scopes) = default;

 private:
  std::uint32_t bits_ = 0;
};

// Who asks, as the gate found out. What belongs to a user is looked up with user_id, never with an
// id of the request alone.
struct Principal {
  std::int64_t user_id = 0;
  bool is_owner = false;
  std::int64_t key_id = 0;      // in the store; 0: a session of the page, or BISE_API_KEY
  std::int64_t session_id = 0;  // 0: none
  Scopes scopes;
  Lane lane_floor = Lane::completion;  // the most urgent lane it may have
  std::optional<std::int64_t> requests_per_minute = {};
  std::optional<std::int64_t> tokens_per_day = {};
};

// The one the gate left with the request: routes that need credentials have one.
const Principal& principal_of(const http::Request& request);

// What a route asks of the caller; http::Access holds its number.
enum class RouteAccess : int {
  open,       // nobody in particular
  page,       // a session; without one an HTML request is sent to /signin
  inference,  // the scopes of the same names, by key or session
  chats,
  metrics,
  admin,
};
constexpr http::Access access(RouteAccess what) {
  return static_cast<http::Access>(what);
}

}  // namespace bise::api
