#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/access_records.h"

namespace bise::store {

// What a chat is made of besides its messages.
struct ChatFields {
  std::string title;
  std::string model;
  std::string system_prompt;
  std::string sampling = "{}";  // JSON, as the layer above reads it
  std::string draft;            // what stands in the composer
  bool pinned = false;
  bool archived = false;
};

struct Chat : ChatFields {
  std::string id;
  std::string active_leaf;  // the message at the end of the branch that is shown; "": none
  TimeMs created_at = 0;
  TimeMs updated_at = 0;  // of its messages and title: what lists are ordered by
};

// What is set is changed. Only a new title moves the chat to the top of lists.
struct ChatChange {
  std::optional<std::string> title, model, system_prompt, sampling, draft;
  std::optional<bool> pinned, archived;
  std::optional<std::string> active_leaf;  // a message of this chat
};

// Where a list of chats goes on: after this one.
struct ChatCursor {
  TimeMs updated_at = 0;
  std::string id;
};

struct ChatFilter {
  bool archived = false;
  std::optional<bool> pinned;
  std::optional<ChatCursor> after;
  int limit = 100;
};

enum class Role : std::uint8_t { user, assistant, tool };
enum class MessageStatus : std::uint8_t {
  running,
  stopped,  // by a person, a limit or the end of the server: it can go on
  done,
  error,
};

struct MessageFields {
  std::string parent_id;  // "": begins the chat
  Role role = Role::user;
  std::string content;  // text; of a tool its result
  std::string thinking;
  std::string tool_calls;    // JSON array, or ""
  std::string tool_call_id;  // of a tool's result
  MessageStatus status = MessageStatus::done;
  std::string model;
  std::optional<std::uint64_t> seed;
  std::string finish_reason;
  std::string error;    // in words, with MessageStatus::error
  std::string metrics;  // JSON: tokens and times, or ""
  std::string tokens;   // ids and probabilities as the layer above writes them; see tokens_of
};

struct Message : MessageFields {
  std::string id;
  std::string chat_id;
  TimeMs created_at = 0;
  TimeMs updated_at = 0;
};

// What a running answer has become: what is set is changed. `more_tokens` is appended.
struct MessageChange {
  std::int64_t user_id = 0;
  std::string message_id;
  std::optional<std::string> content, thinking, tool_calls, finish_reason, error, metrics;
  std::optional<MessageStatus> status;
  std::optional<std::uint64_t> seed;
  std::string more_tokens;
};

// A chat from elsewhere, whole. A message's parent_id is "" or the id of an earlier one; all get
// new ids.
struct ImportedChat {
  ChatFields fields;
  std::string active_leaf;
  TimeMs created_at = 0;
  TimeMs updated_at = 0;
  std::vector<Message> messages;
};

struct SearchHit {
  std::string chat_id;
  std::string chat_title;
  std::string message_id;  // "": the title matched
  std::string excerpt;     // some words around the first place
  TimeMs at = 0;           // of the message, or of the chat
};

enum class Thumb : std::uint8_t { none, up, down };

struct Feedback {
  std::string message_id;
  Thumb thumb = Thumb::none;
  std::vector<std::string> labels;
  std::optional<std::string> correction;  // the answer as it should have been
  TimeMs updated_at = 0;
};

struct SavedPrompt {
  std::string id;
  std::string name;
  std::string text;
  TimeMs updated_at = 0;
};

struct Setting {
  std::string name;
  std::string value;
};

}  // namespace bise::store
