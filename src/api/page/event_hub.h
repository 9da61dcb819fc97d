#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "http/exchange.h"
#include "store/store.h"

namespace bise::api {

// The events of each user, to all their browsers. Ids rise over all users and over restarts: they
// begin at the time of the start in microseconds. May be used from any thread; nothing blocks.
class EventHub {
 public:
  explicit EventHub(store::Clock now);

  void publish(std::int64_t user_id, std::string_view name, const Json& data);
  void publish_to_listeners(std::string_view name, const Json& data);  // of all users
  // What has been published so far has ids up to this.
  std::uint64_t last_id() const;

  struct Listener {
    std::int64_t user_id = 0;
    std::int64_t session_id = 0;
    std::shared_ptr<http::ResponseStream> stream = nullptr;
  };
  // Sends what came after `after` (reset, if that is not known any more), then what comes. A
  // listener that does not keep up is cut: it comes back and says where it was.
  void listen(Listener listener, std::optional<std::uint64_t> after);
  // Tells that session's listeners, and lets them go.
  void sign_out(std::int64_t session_id);
  bool has_listeners() const;
  // All are let go, and whoever comes from now on.
  void close();

  // For how long the user has not been seen: no listener, nor note_seen().
  store::TimeMs unwatched_ms(std::int64_t user_id);
  void note_seen(std::int64_t user_id);

 private:
  struct Event {
    std::uint64_t id;
    std::string frame;
  };
  struct UserEvents {
    std::deque<Event> kept = {};
    std::size_t kept_bytes = 0;
    std::uint64_t forgotten = 0;  // the id up to which events are not kept
    store::TimeMs seen_at = 0;
    std::vector<Listener> listeners = {};
  };

  UserEvents& of_user(std::int64_t user_id);
  void send(std::int64_t user_id, const std::string& frame);
  void drop_closed(std::int64_t user_id);

  const store::Clock now_;
  const std::uint64_t first_id_;
  mutable std::mutex mutex_;
  std::uint64_t last_id_;
  bool is_closed_ = false;
  std::map<std::int64_t, UserEvents> users_;
};

// More than a listener may have to catch up with.
inline constexpr std::size_t kEventBufferBytes = 8u << 20;

}  // namespace bise::api
