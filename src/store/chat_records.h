#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/access_records.h"

namespace bise::store {

// What a chat is made of besides its messages.
struct ChatFields {
  std::string title = {};
  bool title_is_own = false;                      // a person gave it
  std::string model = {};                         // "": whichever is the first
  std::optional<std::string> system_prompt = {};  // nothing: the user's own default
  std::string sampling = "{}";                    // JSON, as the layer above reads it
  std::string draft = {};                         // what stands in the composer
  bool pinned = false;
  bool archived = false;
};

struct Chat : ChatFields {
  std::string id = {};
  std::string active_leaf = {};  // the message at the end of the branch that is shown; "": none
  TimeMs created_at = 0;
  TimeMs updated_at = 0;  // when the last message came
};

// What is set is changed.
struct ChatChange {
  std::optional<std::string> title = {}, model = {}, sampling = {}, draft = {};
  std::optional<std::optional<std::string>> system_prompt = {};
  std::optional<bool> title_is_own = {}, pinned = {}, archived = {};
  std::optional<std::string> active_leaf = {};  // a message of this chat
};

// Where a list of chats goes on: after this one.
struct ChatCursor {
  bool pinned = false;
  TimeMs updated_at = 0;
  std::string id = {};
};

struct ChatFilter {
  bool archived = false;
  std::optional<ChatCursor> after = {};
  int limit = 50;
};

enum class Role : std::uint8_t { user, assistant };
enum class MessageStatus : std::uint8_t {
  running,
  stopped,  // by a person, a limit or the end of the server: it can go on
  done,
  error,
};

enum class Thumb : std::int8_t { down = -1, none = 0, up = 1 };

struct Feedback {
  Thumb thumb = Thumb::none;
  std::vector<std::string> labels = {};
  std::string comment = {};
  std::optional<std::string> correction = {};  // the answer as it should have been
};

struct MessageFields {
  std::string parent_id = {};  // "": begins the chat
  Role role = Role::user;
  std::string content = {};
  std::string thinking = {};
  std::string tools = {};  // calls and results as JSON, or ""
  bool edited = false;     // written or changed by a person
  MessageStatus status = MessageStatus::done;
  std::string model = {};
  std::optional<std::uint64_t> seed = {};
  std::string finish_reason = {};
  std::string error = {};    // in words, with MessageStatus::error
  std::string metrics = {};  // JSON: tokens and times, or ""
  std::int64_t token_count = 0;
  std::string tokens = {};  // ids and probabilities as the layer above writes them; see tokens_of
};

struct Message : MessageFields {
  std::string id = {};
  std::string chat_id = {};
  TimeMs created_at = 0;
  TimeMs updated_at = 0;
  std::optional<Feedback> feedback = {};
};

// What a running answer has become: what is set is changed. `more_tokens` is appended.
struct MessageChange {
  std::int64_t user_id = 0;
  std::string message_id = {};
  std::optional<std::string> content = {}, thinking = {}, tools = {}, finish_reason = {},
                             error = {}, metrics = {};
  std::optional<MessageStatus> status = {};
  std::optional<std::uint64_t> seed = {};
  std::optional<std::int64_t> token_count = {};
  std::string more_tokens = {};
};

// A chat from elsewhere, whole. A message's parent_id is "" or the id of an earlier one; all get
// new ids.
struct ImportedChat {
  ChatFields fields = {};
  std::string active_leaf = {};  // one of theirs, or ""
  TimeMs created_at = 0;
  TimeMs updated_at = 0;
  std::vector<Message> messages = {};
};

struct SearchHit {
  std::string chat_id = {};
  std::string chat_title = {};
  std::string message_id = {};  // "": the title matched
  std::string excerpt = {};     // some words around the first place
  TimeMs at = 0;                // of the message, or of the chat
};

struct SavedPrompt {
  std::string id = {};
  std::string name = {};
  std::string text = {};
};

struct Setting {
  std::string name = {};
  std::string value = {};
};

}  // namespace bise::store
