#pragma once

#include <map>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "store/store.h"

namespace bise::store {

// Plain vectors behind one mutex: for tests, and as the second opinion in the contract's.
class MemoryStore : public Store {
 public:
  explicit MemoryStore(Clock clock) : clock_(std::move(clock)) {}

  Result<User> add_user(const std::string& name) override;
  Result<std::vector<User>> users() override;
  Result<User> user(std::int64_t user_id) override;
  Result<User> rename_user(std::int64_t user_id, const std::string& name) override;
  Result<void> set_password_hash(std::int64_t user_id, std::optional<std::string> hash) override;
  Result<void> remove_user(const std::string& public_id) override;
  Result<void> add_sign_in_link(std::int64_t user_id, const Digest& digest,
                                TimeMs expires_at) override;
  Result<std::optional<User>> use_sign_in_link(const Digest& digest) override;
  Result<Session> add_session(const NewSession& session) override;
  Result<std::optional<SessionAndUser>> find_session(const Digest& digest) override;
  Result<std::vector<Session>> sessions(std::int64_t user_id) override;
  Result<void> touch_session(std::int64_t session_id) override;
  Result<void> end_session(std::int64_t user_id, const std::string& public_id) override;
  Result<int> end_other_sessions(std::int64_t user_id, std::int64_t kept_session_id) override;
  Result<Key> add_key(const NewKey& key) override;
  Result<std::optional<KeyAndUser>> find_key(const Digest& digest) override;
  Result<std::vector<Key>> keys(std::int64_t user_id) override;
  Result<Key> rename_key(std::int64_t user_id, const std::string& public_id,
                         const std::string& name) override;
  Result<void> revoke_key(std::int64_t user_id, const std::string& public_id) override;
  Result<std::int64_t> tokens_of_day(std::int64_t key_id, std::int64_t day) override;
  Result<void> add_requests(std::span<const RequestRow> rows) override;
  Result<std::vector<RequestRow>> requests(std::optional<std::int64_t> user_id, int limit) override;
  Result<int> remove_requests_before(TimeMs time) override;
  Result<Chat> add_chat(std::int64_t user_id, const ChatFields& fields) override;
  Result<Chat> import_chat(std::int64_t user_id, const ImportedChat& chat) override;
  Result<Chat> chat(std::int64_t user_id, const std::string& id) override;
  Result<std::vector<Chat>> chats(std::int64_t user_id, const ChatFilter& filter) override;
  Result<Chat> change_chat(std::int64_t user_id, const std::string& id,
                           const ChatChange& change) override;
  Result<void> delete_chat(std::int64_t user_id, const std::string& id) override;
  Result<Chat> undelete_chat(std::int64_t user_id, const std::string& id) override;
  Result<int> purge_chats_deleted_before(TimeMs time) override;
  Result<int> purge_chats_of(std::int64_t user_id) override;
  Result<std::vector<SearchHit>> search(std::int64_t user_id, std::string_view text,
                                        int limit) override;
  Result<Message> add_message(std::int64_t user_id, const std::string& chat_id,
                              const MessageFields& fields) override;
  Result<std::vector<Message>> messages(std::int64_t user_id, const std::string& chat_id) override;
  Result<Message> message(std::int64_t user_id, const std::string& id) override;
  Result<std::string> tokens_of(std::int64_t user_id, const std::string& message_id) override;
  Result<void> change_messages(std::span<const MessageChange> changes) override;
  Result<int> stop_running_messages() override;
  Result<void> set_feedback(std::int64_t user_id, const std::string& message_id,
                            const std::optional<Feedback>& feedback) override;
  Result<std::vector<std::string>> chats_with_feedback(std::int64_t user_id) override;
  Result<std::vector<Setting>> settings(std::int64_t user_id) override;
  Result<void> set_setting(std::int64_t user_id, const std::string& name,
                           const std::optional<std::string>& value) override;
  Result<std::vector<SavedPrompt>> saved_prompts(std::int64_t user_id) override;
  Result<SavedPrompt> add_saved_prompt(std::int64_t user_id, const std::string& name,
                                       const std::string& text) override;
  Result<void> change_saved_prompt(std::int64_t user_id, const SavedPrompt& prompt) override;
  Result<void> delete_saved_prompt(std::int64_t user_id, const std::string& id) override;
  Result<void> backup(const std::string& path) override;
  Result<std::uint64_t> size_bytes() override;

 private:
  struct OwnedChat {
    std::int64_t user_id;
    Chat chat;
    std::optional<TimeMs> deleted_at;
    std::vector<Message> messages;  // with their tokens
  };
  struct Link {
    std::int64_t user_id;
    TimeMs expires_at;
  };

  User* find_user(std::int64_t user_id);
  OwnedChat* find_chat(std::int64_t user_id, const std::string& id);
  std::pair<OwnedChat*, Message*> find_message(std::int64_t user_id, const std::string& id);
  bool name_is_taken(const std::string& name, std::int64_t by_other_than) const;
  Key shown(const Key& key) const;  // with its tokens counted

  const Clock clock_;
  std::mutex mutex_;
  std::int64_t next_id_ = 1;
  std::vector<User> users_;
  std::map<Digest, Link> links_;
  std::map<Digest, Session> sessions_;
  std::map<Digest, Key> keys_;
  std::set<std::int64_t> revoked_keys_;
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> tokens_of_days_;  // key and day
  std::vector<RequestRow> requests_;
  std::vector<OwnedChat> chats_;
  std::map<std::pair<std::int64_t, std::string>, std::string> settings_;
  std::vector<std::pair<std::int64_t, SavedPrompt>> saved_prompts_;
};

}  // namespace bise::store
