#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "store/ids.h"
#include "store/memory/memory_store.h"
#include "store/open_store.h"
#include "store/words.h"

namespace bise::store {
std::unique_ptr<Store> memory_store(Clock clock) {
  return std::make_unique<MemoryStore>(std::move(clock));
}

User* MemoryStore::find_user(std::int64_t user_id) {
  const auto at = std::find_if(users_.begin(), users_.end(),
                               [&](const User& user) { return user.id == user_id; });
  return at == users_.end() ? nullptr : &*at;
}

bool MemoryStore::name_is_taken(const std::string& name, std::int64_t by_other_than) const {
  return std::any_of(users_.begin(), users_.end(), [&](const User& user) {
    return user.id != by_other_than && equal_without_case(user.name, name);
  });
}

Result<User> MemoryStore::add_user(const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (name_is_taken(name, 0)) return name_taken(name);
  users_.push_back(
      {next_id_++, random_id(kUserPrefix), name, users_.empty(), std::nullopt, clock_()});
  return users_.back();
}

Result<std::vector<User>> MemoryStore::users() {
  const std::lock_guard lock(mutex_);
  return users_;
}

Result<User> MemoryStore::user(std::int64_t user_id) {
  const std::lock_guard lock(mutex_);
  const User* user = find_user(user_id);
  if (user == nullptr) return missing("user");
  return *user;
}

Result<User> MemoryStore::rename_user(std::int64_t user_id, const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (name_is_taken(name, user_id)) return name_taken(name);
  User* user = find_user(user_id);
  if (user == nullptr) return missing("user");
  user->name = name;
  return *user;
}

Result<void> MemoryStore::set_password_hash(std::int64_t user_id, std::optional<std::string> hash) {
  const std::lock_guard lock(mutex_);
  User* user = find_user(user_id);
  if (user == nullptr) return missing("user");
  user->password_hash = std::move(hash);
  return {};
}

Result<void> MemoryStore::remove_user(const std::string& public_id) {
  const std::lock_guard lock(mutex_);
  const auto user = std::find_if(users_.begin(), users_.end(),
                                 [&](const User& each) { return each.public_id == public_id; });
  if (user == users_.end()) return missing("user");
  if (user->is_owner) return owner_stays();
  const std::int64_t id = user->id;
  std::erase_if(links_, [&](const auto& each) { return each.second.user_id == id; });
  std::erase_if(sessions_, [&](const auto& each) { return each.second.user_id == id; });
  std::erase_if(keys_, [&](const auto& each) { return each.second.user_id == id; });
  std::erase_if(requests_, [&](const RequestRow& each) { return each.user_id == id; });
  std::erase_if(chats_, [&](const OwnedChat& each) { return each.user_id == id; });
  std::erase_if(settings_, [&](const auto& each) { return each.first.first == id; });
  std::erase_if(saved_prompts_, [&](const auto& each) { return each.first == id; });
  users_.erase(user);
  return {};
}

Result<void> MemoryStore::add_sign_in_link(std::int64_t user_id, const Digest& digest,
                                           TimeMs expires_at) {
  const std::lock_guard lock(mutex_);
  if (find_user(user_id) == nullptr) return missing("user");
  links_[digest] = {user_id, expires_at};
  return {};
}

Result<std::optional<User>> MemoryStore::use_sign_in_link(const Digest& digest) {
  const std::lock_guard lock(mutex_);
  const auto link = links_.find(digest);
  if (link == links_.end() || link->second.expires_at <= clock_()) return std::optional<User>();
  const User* user = find_user(link->second.user_id);
  links_.erase(link);
  return std::optional<User>(*user);
}

Result<Session> MemoryStore::add_session(const NewSession& session) {
  const std::lock_guard lock(mutex_);
  if (find_user(session.user_id) == nullptr) return missing("user");
  const TimeMs now = clock_();
  return sessions_[session.digest] = {
             next_id_++, random_id(kSessionPrefix), session.user_id, session.user_agent, now, now};
}

Result<std::optional<SessionAndUser>> MemoryStore::find_session(const Digest& digest) {
  const std::lock_guard lock(mutex_);
  const auto session = sessions_.find(digest);
  if (session == sessions_.end()) return std::optional<SessionAndUser>();
  return std::optional(SessionAndUser{session->second, *find_user(session->second.user_id)});
}

Result<std::vector<Session>> MemoryStore::sessions(std::int64_t user_id) {
  const std::lock_guard lock(mutex_);
  std::vector<Session> all;
  for (const auto& [digest, session] : sessions_) {
    if (session.user_id == user_id) all.push_back(session);
  }
  std::sort(all.begin(), all.end(), [](const Session& a, const Session& b) {
    return std::tie(b.last_seen_at, b.id) < std::tie(a.last_seen_at, a.id);
  });
  return all;
}

Result<void> MemoryStore::touch_session(std::int64_t session_id) {
  const std::lock_guard lock(mutex_);
  for (auto& [digest, session] : sessions_) {
    if (session.id != session_id) continue;
    session.last_seen_at = clock_();
    return {};
  }
  return missing("session");
}

Result<void> MemoryStore::end_session(std::int64_t user_id, const std::string& public_id) {
  const std::lock_guard lock(mutex_);
  const auto count = std::erase_if(sessions_, [&](const auto& each) {
    return each.second.user_id == user_id && each.second.public_id == public_id;
  });
  if (count == 0) return missing("session");
  return {};
}

Result<int> MemoryStore::end_other_sessions(std::int64_t user_id, std::int64_t kept_session_id) {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(std::erase_if(sessions_, [&](const auto& each) {
    return each.second.user_id == user_id && each.second.id != kept_session_id;
  }));
}

Key MemoryStore::shown(const Key& key) const {
  Key out = key;
  for (const auto& [key_and_day, tokens] : tokens_of_days_) {
    if (key_and_day.first == key.id) out.tokens += tokens;
  }
  return out;
}

Result<Key> MemoryStore::add_key(const NewKey& key) {
  const std::lock_guard lock(mutex_);
  if (find_user(key.user_id) == nullptr) return missing("user");
  Key& added = keys_[key.digest];
  added.id = next_id_++;
  added.public_id = random_id(kKeyPrefix);
  added.user_id = key.user_id;
  added.name = key.name;
  added.hint = key.hint;
  added.scopes = key.scopes;
  added.lane = key.lane;
  added.created_at = clock_();
  added.expires_at = key.expires_at;
  added.requests_per_minute = key.requests_per_minute;
  added.tokens_per_day = key.tokens_per_day;
  return added;
}

Result<std::optional<KeyAndUser>> MemoryStore::find_key(const Digest& digest) {
  const std::lock_guard lock(mutex_);
  const auto key = keys_.find(digest);
  if (key == keys_.end() || revoked_keys_.count(key->second.id) != 0) {
    return std::optional<KeyAndUser>();
  }
  return std::optional(KeyAndUser{shown(key->second), *find_user(key->second.user_id)});
}

Result<std::vector<Key>> MemoryStore::keys(std::int64_t user_id) {
  const std::lock_guard lock(mutex_);
  std::vector<Key> all;
  for (const auto& [digest, key] : keys_) {
    if (key.user_id == user_id && revoked_keys_.count(key.id) == 0) all.push_back(shown(key));
  }
  std::sort(all.begin(), all.end(), [](const Key& a, const Key& b) { return a.id > b.id; });
  return all;
}

Result<Key> MemoryStore::rename_key(std::int64_t user_id, const std::string& public_id,
                                    const std::string& name) {
  const std::lock_guard lock(mutex_);
  for (auto& [digest, key] : keys_) {
    if (key.user_id != user_id || key.public_id != public_id || revoked_keys_.count(key.id) != 0) {
      continue;
    }
    key.name = name;
    return shown(key);
  }
  return missing("key");
}

Result<void> MemoryStore::revoke_key(std::int64_t user_id, const std::string& public_id) {
  const std::lock_guard lock(mutex_);
  for (const auto& [digest, key] : keys_) {
    if (key.user_id != user_id || key.public_id != public_id) continue;
    if (!revoked_keys_.insert(key.id).second) break;
    return {};
  }
  return missing("key");
}

Result<std::int64_t> MemoryStore::tokens_of_day(std::int64_t key_id, std::int64_t day) {
  const std::lock_guard lock(mutex_);
  const auto tokens = tokens_of_days_.find({key_id, day});
  return tokens == tokens_of_days_.end() ? 0 : tokens->second;
}

Result<void> MemoryStore::add_requests(std::span<const RequestRow> rows) {
  const std::lock_guard lock(mutex_);
  for (const RequestRow& row : rows) {
    requests_.push_back(row);
    for (auto& [digest, key] : keys_) {
      if (key.id != row.key_id) continue;
      key.last_used_at = std::max(key.last_used_at.value_or(0), row.began_at);
      tokens_of_days_[{key.id, row.began_at / kDayMs}] += row.prompt_tokens + row.completion_tokens;
    }
  }
  return {};
}

Result<std::vector<RequestRow>> MemoryStore::requests(std::optional<std::int64_t> user_id,
                                                      int limit) {
  const std::lock_guard lock(mutex_);
  std::vector<RequestRow> all;
  for (auto row = requests_.rbegin(); row != requests_.rend(); ++row) {
    if (!user_id || row->user_id == *user_id) all.push_back(*row);
  }
  std::stable_sort(all.begin(), all.end(), [](const RequestRow& a, const RequestRow& b) {
    return a.began_at > b.began_at;
  });
  if (all.size() > static_cast<std::size_t>(limit)) all.resize(static_cast<std::size_t>(limit));
  return all;
}

Result<int> MemoryStore::remove_requests_before(TimeMs time) {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(
      std::erase_if(requests_, [&](const RequestRow& row) { return row.began_at < time; }));
}

}  // namespace bise::store
