#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "store/data_folder.h"
#include "store/sqlite/connection.h"
#include "store/store.h"

namespace bise::store {

// bise.db in a folder: one connection that writes, one that reads.
class SqliteStore final : public Store {
 public:
  // `lock`: the folder's, kept as long as the store. Without one the file is not brought to a newer
  // version, because whoever has the lock works with it.
  static Result<std::unique_ptr<SqliteStore>> open(const std::string& path, Clock clock,
                                                   std::optional<FolderLock> lock);
  // Gives the folder up, for others to lock.
  void unlock() { lock_.reset(); }

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
  SqliteStore(std::optional<FolderLock> lock, std::string path, Clock clock,
              std::unique_ptr<Connection> writer, std::unique_ptr<Connection> reader)
      : lock_(std::move(lock)),
        path_(std::move(path)),
        clock_(std::move(clock)),
        writer_(std::move(writer)),
        reader_(std::move(reader)) {}

  // One transaction: kept if `body` returns a value, else as if it had not been.
  template <class Body>
  auto write(Body body) -> decltype(body(std::declval<Connection&>())) {
    const std::lock_guard lock(writer_mutex_);
    TRY_VOID(begin());
    auto result = body(*writer_);
    TRY_VOID(end(result.ok()));
    return result;
  }
  template <class Body>
  auto read(Body body) -> decltype(body(std::declval<Connection&>())) {
    const std::lock_guard lock(reader_mutex_);
    return body(*reader_);
  }
  Result<void> begin();
  Result<void> end(bool keep);

  std::optional<FolderLock> lock_;  // outlives the connections
  const std::string path_;
  const Clock clock_;
  std::mutex writer_mutex_, reader_mutex_;
  const std::unique_ptr<Connection> writer_, reader_;
};

}  // namespace bise::store
