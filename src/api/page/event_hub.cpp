#include "api/page/event_hub.h"

#include <algorithm>

#include "base/text.h"
#include "http/sse.h"

namespace bise::api {
namespace {

constexpr std::size_t kKeptEventsMax = 4096;
constexpr std::size_t kKeptBytesMax = 4u << 20;

std::string frame_of(std::uint64_t id, std::string_view name, const Json& data) {
  return http::sse_event(
      {.data = write_json(data, {.spaces = false}), .event = name, .id = concat(id)});
}

}  // namespace

EventHub::EventHub(store::Clock now)
    : now_(std::move(now)),
      first_id_(static_cast<std::uint64_t>(now_()) * 1000),
      last_id_(first_id_) {}

EventHub::UserEvents& EventHub::of_user(std::int64_t user_id) {
  const auto [user, is_new] = users_.try_emplace(user_id);
  if (is_new) {
    user->second.forgotten = first_id_;
    user->second.seen_at = now_();
  }
  return user->second;
}

void EventHub::publish(std::int64_t user_id, std::string_view name, const Json& data) {
  const std::lock_guard lock(mutex_);
  UserEvents& user = of_user(user_id);
  Event event{++last_id_, {}};
  event.frame = frame_of(event.id, name, data);
  send(user_id, event.frame);
  user.kept_bytes += event.frame.size();
  user.kept.push_back(std::move(event));
  while (user.kept.size() > kKeptEventsMax || user.kept_bytes > kKeptBytesMax) {
    user.forgotten = user.kept.front().id;
    user.kept_bytes -= user.kept.front().frame.size();
    user.kept.pop_front();
  }
}

void EventHub::publish_to_listeners(std::string_view name, const Json& data) {
  std::vector<std::int64_t> listening;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [user_id, user] : users_) {
      if (!user.listeners.empty()) listening.push_back(user_id);
    }
  }
  for (const std::int64_t user_id : listening) publish(user_id, name, data);
}

std::uint64_t EventHub::last_id() const {
  const std::lock_guard lock(mutex_);
  return last_id_;
}

void EventHub::listen(Listener listener, std::optional<std::uint64_t> after) {
  const std::lock_guard lock(mutex_);
  UserEvents& user = of_user(listener.user_id);
  user.seen_at = now_();
  std::string backlog = http::sse_comment("here");
  if (after && (*after < user.forgotten || *after > last_id_)) {
    backlog += frame_of(last_id_, "reset", Json::object());
  } else if (after) {
    for (const Event& event : user.kept) {
      if (event.id > *after) backlog += event.frame;
    }
  }
  if (listener.stream->write(backlog) != http::Sent::taken) return;
  if (is_closed_) {
    listener.stream->finish_and_close();
    return;
  }
  user.listeners.push_back(std::move(listener));
}

void EventHub::send(std::int64_t user_id, const std::string& frame) {
  for (const Listener& listener : of_user(user_id).listeners) {
    if (listener.stream->write(frame) == http::Sent::full) listener.stream->abort();
  }
  drop_closed(user_id);
}

void EventHub::drop_closed(std::int64_t user_id) {
  UserEvents& user = of_user(user_id);
  std::erase_if(user.listeners, [&](const Listener& listener) {
    if (!listener.stream->closed()) return false;
    user.seen_at = now_();
    return true;
  });
}

void EventHub::sign_out(std::int64_t session_id) {
  if (session_id == 0) return;
  const std::lock_guard lock(mutex_);
  for (auto& [user_id, user] : users_) {
    for (const Listener& listener : user.listeners) {
      if (listener.session_id != session_id) continue;
      // Whether it is taken or not: the stream ends with it.
      (void)listener.stream->write(frame_of(++last_id_, "signed_out", Json::object()));
      listener.stream->finish_and_close();
    }
    drop_closed(user_id);
  }
}

void EventHub::close() {
  const std::lock_guard lock(mutex_);
  is_closed_ = true;
  for (auto& [user_id, user] : users_) {
    for (const Listener& listener : user.listeners) listener.stream->finish_and_close();
    drop_closed(user_id);
  }
}

bool EventHub::has_listeners() const {
  const std::lock_guard lock(mutex_);
  return std::any_of(users_.begin(), users_.end(),
                     [](const auto& user) { return !user.second.listeners.empty(); });
}

store::TimeMs EventHub::unwatched_ms(std::int64_t user_id) {
  const std::lock_guard lock(mutex_);
  drop_closed(user_id);
  UserEvents& user = of_user(user_id);
  if (!user.listeners.empty()) user.seen_at = now_();
  return now_() - user.seen_at;
}

void EventHub::note_seen(std::int64_t user_id) {
  const std::lock_guard lock(mutex_);
  of_user(user_id).seen_at = now_();
}

}  // namespace bise::api
