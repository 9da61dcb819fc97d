#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/access_records.h"
#include "store/chat_records.h"

namespace bise::store {

using Clock = std::function<TimeMs()>;
TimeMs system_time_ms();

// What outlives the process. Every method may be called from any thread and is one transaction:
// all of it or nothing, and once it has returned it survives the end of the process. Methods wait
// for the disk (a write some milliseconds): not for threads that must not.
//
// Errors: not_found, in the same words for what is missing and for what is somebody else's;
// invalid_argument for values that contradict each other; io (a full disk, say) with what to do,
// after which nothing has changed and the store goes on; corrupt_file.
class Store {
 public:
  virtual ~Store() = default;

  // --- Users and how they get in

  // The first user becomes the owner. invalid_argument for a name that is taken.
  virtual Result<User> add_user(const std::string& name) = 0;
  virtual Result<std::vector<User>> users() = 0;  // in order of age
  virtual Result<User> user(std::int64_t user_id) = 0;
  virtual Result<User> rename_user(std::int64_t user_id, const std::string& name) = 0;
  virtual Result<void> set_password_hash(std::int64_t user_id, std::optional<std::string> hash) = 0;
  // With everything that is theirs. The owner stays: invalid_argument.
  virtual Result<void> remove_user(const std::string& public_id) = 0;

  virtual Result<void> add_sign_in_link(std::int64_t user_id, const Digest& digest,
                                        TimeMs expires_at) = 0;
  // Whose it is, once: nothing when it was used, is too old or never was.
  virtual Result<std::optional<User>> use_sign_in_link(const Digest& digest) = 0;

  virtual Result<Session> add_session(const NewSession& session) = 0;
  virtual Result<std::optional<SessionAndUser>> find_session(const Digest& digest) = 0;
  virtual Result<std::vector<Session>> sessions(std::int64_t user_id) = 0;  // last seen first
  virtual Result<void> touch_session(std::int64_t session_id) = 0;          // seen now
  virtual Result<void> end_session(std::int64_t user_id, const std::string& public_id) = 0;
  // How many there were.
  virtual Result<int> end_other_sessions(std::int64_t user_id, std::int64_t kept_session_id) = 0;

  // --- Keys

  virtual Result<Key> add_key(const NewKey& key) = 0;
  // Not revoked; expired ones too, for the caller to say so.
  virtual Result<std::optional<KeyAndUser>> find_key(const Digest& digest) = 0;
  virtual Result<std::vector<Key>> keys(std::int64_t user_id) = 0;  // newest first
  virtual Result<Key> rename_key(std::int64_t user_id, const std::string& public_id,
                                 const std::string& name) = 0;
  virtual Result<void> revoke_key(std::int64_t user_id, const std::string& public_id) = 0;
  // Prompt and completion tokens of requests that began on this UTC day (since 1970).
  virtual Result<std::int64_t> tokens_of_day(std::int64_t key_id, std::int64_t day) = 0;

  // --- Requests

  // Also counts their tokens and notes when their keys were used.
  virtual Result<void> add_requests(std::span<const RequestRow> rows) = 0;
  // Newest first; of one user, or of all.
  virtual Result<std::vector<RequestRow>> requests(std::optional<std::int64_t> user_id,
                                                   int limit) = 0;
  virtual Result<int> remove_requests_before(TimeMs time) = 0;

  // --- Chats

  virtual Result<Chat> add_chat(std::int64_t user_id, const ChatFields& fields) = 0;
  virtual Result<Chat> import_chat(std::int64_t user_id, const ImportedChat& chat) = 0;
  virtual Result<Chat> chat(std::int64_t user_id, const std::string& id) = 0;
  // Pinned ones first, then the newest.
  virtual Result<std::vector<Chat>> chats(std::int64_t user_id, const ChatFilter& filter) = 0;
  virtual Result<Chat> change_chat(std::int64_t user_id, const std::string& id,
                                   const ChatChange& change) = 0;
  // Gone for every other method, until undelete_chat.
  virtual Result<void> delete_chat(std::int64_t user_id, const std::string& id) = 0;
  virtual Result<Chat> undelete_chat(std::int64_t user_id, const std::string& id) = 0;
  // Chats deleted before that time are gone for good. How many.
  virtual Result<int> purge_chats_deleted_before(TimeMs time) = 0;
  // All of a user's, for good. How many.
  virtual Result<int> purge_chats_of(std::int64_t user_id) = 0;
  // Titles that hold every word of the text (letters A to Z in either case; the store may know more
  // letters), then messages that do, each newest first; archived chats too.
  virtual Result<std::vector<SearchHit>> search(std::int64_t user_id, std::string_view text,
                                                int limit) = 0;

  // --- Messages

  // Becomes the chat's active leaf.
  virtual Result<Message> add_message(std::int64_t user_id, const std::string& chat_id,
                                      const MessageFields& fields) = 0;
  // All branches, oldest first, without `tokens`.
  virtual Result<std::vector<Message>> messages(std::int64_t user_id,
                                                const std::string& chat_id) = 0;
  virtual Result<Message> message(std::int64_t user_id, const std::string& id) = 0;  // likewise
  virtual Result<std::string> tokens_of(std::int64_t user_id, const std::string& message_id) = 0;
  // All or none. Messages that are gone by now (a chat deleted meanwhile) are passed over.
  virtual Result<void> change_messages(std::span<const MessageChange> changes) = 0;
  // What a server that has ended left running is stopped. How many.
  virtual Result<int> stop_running_messages() = 0;

  // --- Feedback, settings, saved prompts

  // Replaces what was said of that message, or takes it back.
  virtual Result<void> set_feedback(std::int64_t user_id, const std::string& message_id,
                                    const std::optional<Feedback>& feedback) = 0;
  // In order of age; the chats it belongs to.
  virtual Result<std::vector<std::string>> chats_with_feedback(std::int64_t user_id) = 0;

  // user_id 0: the server's.
  virtual Result<std::vector<Setting>> settings(std::int64_t user_id) = 0;
  virtual Result<void> set_setting(std::int64_t user_id, const std::string& name,
                                   const std::optional<std::string>& value) = 0;

  virtual Result<std::vector<SavedPrompt>> saved_prompts(std::int64_t user_id) = 0;  // by name
  virtual Result<SavedPrompt> add_saved_prompt(std::int64_t user_id, const std::string& name,
                                               const std::string& text) = 0;
  virtual Result<void> change_saved_prompt(std::int64_t user_id, const SavedPrompt& prompt) = 0;
  virtual Result<void> delete_saved_prompt(std::int64_t user_id, const std::string& id) = 0;

  // --- The store itself

  // A copy as of now, complete in itself, in a new file; work goes on meanwhile.
  virtual Result<void> backup(const std::string& path) = 0;
  virtual Result<std::uint64_t> size_bytes() = 0;
};

}  // namespace bise::store
