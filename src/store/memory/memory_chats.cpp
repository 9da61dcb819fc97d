#include <algorithm>
#include <iterator>
#include <tuple>

#include "base/utf8.h"
#include "store/changes.h"
#include "store/ids.h"
#include "store/memory/memory_store.h"
#include "store/text_match.h"
#include "store/words.h"

namespace bise::store {
namespace {

auto order(const Chat& chat) {
  return std::tie(chat.pinned, chat.updated_at, chat.id);
}

Message without_tokens(Message message) {
  message.tokens.clear();
  return message;
}

}  // namespace

MemoryStore::OwnedChat* MemoryStore::find_chat(std::int64_t user_id, const std::string& id) {
  for (OwnedChat& each : chats_) {
    if (each.user_id == user_id && each.chat.id == id && !each.deleted_at) return &each;
  }
  return nullptr;
}

std::pair<MemoryStore::OwnedChat*, Message*> MemoryStore::find_message(std::int64_t user_id,
                                                                       const std::string& id) {
  for (OwnedChat& each : chats_) {
    if (each.user_id != user_id) continue;
    for (Message& message : each.messages) {
      if (message.id == id) return {&each, &message};
    }
  }
  return {nullptr, nullptr};
}

Result<Chat> MemoryStore::add_chat(std::int64_t user_id, const ChatFields& fields) {
  const std::lock_guard lock(mutex_);
  OwnedChat added{user_id, {}, std::nullopt, {}};
  static_cast<ChatFields&>(added.chat) = fields;
  added.chat.id = random_id(kChatPrefix);
  added.chat.created_at = added.chat.updated_at = clock_();
  chats_.push_back(added);
  return added.chat;
}

Result<Chat> MemoryStore::import_chat(std::int64_t user_id, const ImportedChat& chat) {
  const std::lock_guard lock(mutex_);
  OwnedChat added{user_id, {}, std::nullopt, {}};
  static_cast<ChatFields&>(added.chat) = chat.fields;
  added.chat.id = random_id(kChatPrefix);
  added.chat.created_at = chat.created_at;
  added.chat.updated_at = chat.updated_at;
  std::map<std::string, std::string> new_ids;
  for (const Message& message : chat.messages) {
    Message copy = message;
    copy.feedback.reset();
    if (!message.parent_id.empty()) {
      const auto parent = new_ids.find(message.parent_id);
      if (parent == new_ids.end()) {
        return Error{ErrorCode::invalid_argument, "a message stands before the one it answers"};
      }
      copy.parent_id = parent->second;
    }
    copy.id = new_ids[message.id] = random_id(kMessagePrefix);
    copy.chat_id = added.chat.id;
    added.messages.push_back(std::move(copy));
  }
  if (!chat.active_leaf.empty()) {
    const auto leaf = new_ids.find(chat.active_leaf);
    if (leaf == new_ids.end()) return missing("message");
    added.chat.active_leaf = leaf->second;
  }
  chats_.push_back(added);
  return added.chat;
}

Result<Chat> MemoryStore::chat(std::int64_t user_id, const std::string& id) {
  const std::lock_guard lock(mutex_);
  const OwnedChat* found = find_chat(user_id, id);
  if (found == nullptr) return missing("chat");
  return found->chat;
}

Result<std::vector<Chat>> MemoryStore::chats(std::int64_t user_id, const ChatFilter& filter) {
  const std::lock_guard lock(mutex_);
  std::vector<Chat> all;
  for (const OwnedChat& each : chats_) {
    if (each.user_id != user_id || each.deleted_at || each.chat.archived != filter.archived) {
      continue;
    }
    if (filter.after && order(each.chat) >= std::tie(filter.after->pinned, filter.after->updated_at,
                                                     filter.after->id)) {
      continue;
    }
    all.push_back(each.chat);
  }
  std::sort(all.begin(), all.end(),
            [](const Chat& a, const Chat& b) { return order(a) > order(b); });
  if (all.size() > static_cast<std::size_t>(filter.limit)) {
    all.resize(static_cast<std::size_t>(filter.limit));
  }
  return all;
}

Result<Chat> MemoryStore::change_chat(std::int64_t user_id, const std::string& id,
                                      const ChatChange& change) {
  const std::lock_guard lock(mutex_);
  OwnedChat* found = find_chat(user_id, id);
  if (found == nullptr) return missing("chat");
  if (change.active_leaf && !change.active_leaf->empty()) {
    const auto is_leaf = [&](const Message& message) { return message.id == *change.active_leaf; };
    if (std::none_of(found->messages.begin(), found->messages.end(), is_leaf)) {
      return missing("message");
    }
  }
  apply(found->chat, change);
  return found->chat;
}

Result<void> MemoryStore::delete_chat(std::int64_t user_id, const std::string& id) {
  const std::lock_guard lock(mutex_);
  OwnedChat* found = find_chat(user_id, id);
  if (found == nullptr) return missing("chat");
  found->deleted_at = clock_();
  return {};
}

Result<Chat> MemoryStore::undelete_chat(std::int64_t user_id, const std::string& id) {
  const std::lock_guard lock(mutex_);
  for (OwnedChat& each : chats_) {
    if (each.user_id != user_id || each.chat.id != id || !each.deleted_at) continue;
    each.deleted_at.reset();
    return each.chat;
  }
  return missing("chat");
}

Result<int> MemoryStore::purge_chats_deleted_before(TimeMs time) {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(std::erase_if(
      chats_, [&](const OwnedChat& each) { return each.deleted_at && *each.deleted_at < time; }));
}

Result<int> MemoryStore::purge_chats_of(std::int64_t user_id) {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(
      std::erase_if(chats_, [&](const OwnedChat& each) { return each.user_id == user_id; }));
}

Result<std::vector<SearchHit>> MemoryStore::search(std::int64_t user_id, std::string_view text,
                                                   int limit) {
  const std::vector<std::string> words = search_words(replace_invalid_utf8(text));
  std::vector<SearchHit> titles, texts;
  if (words.empty() || limit <= 0) return titles;
  const std::lock_guard lock(mutex_);
  for (const auto& [owner, chat, deleted_at, messages] : chats_) {
    if (owner != user_id || deleted_at) continue;
    if (holds_all(chat.title, words)) {
      titles.push_back({chat.id, chat.title, "", excerpt(chat.title, words), chat.updated_at});
    }
    for (const Message& message : messages) {
      if (message.status == MessageStatus::running || !holds_all(message.content, words)) continue;
      texts.push_back(
          {chat.id, chat.title, message.id, excerpt(message.content, words), message.created_at});
    }
  }
  const auto newest = [](const SearchHit& a, const SearchHit& b) { return a.at > b.at; };
  std::stable_sort(titles.begin(), titles.end(), newest);
  std::stable_sort(texts.begin(), texts.end(), newest);
  titles.insert(titles.end(), texts.begin(), texts.end());
  if (titles.size() > static_cast<std::size_t>(limit)) {
    titles.resize(static_cast<std::size_t>(limit));
  }
  return titles;
}

Result<Message> MemoryStore::add_message(std::int64_t user_id, const std::string& chat_id,
                                         const MessageFields& fields) {
  const std::lock_guard lock(mutex_);
  OwnedChat* found = find_chat(user_id, chat_id);
  if (found == nullptr) return missing("chat");
  const auto is_parent = [&](const Message& message) { return message.id == fields.parent_id; };
  if (!fields.parent_id.empty() &&
      std::none_of(found->messages.begin(), found->messages.end(), is_parent)) {
    return missing("message");
  }
  Message added;
  static_cast<MessageFields&>(added) = fields;
  added.id = random_id(kMessagePrefix);
  added.chat_id = chat_id;
  added.created_at = added.updated_at = clock_();
  found->messages.push_back(added);
  found->chat.active_leaf = added.id;
  found->chat.updated_at = added.created_at;
  return without_tokens(std::move(added));
}

Result<std::vector<Message>> MemoryStore::messages(std::int64_t user_id,
                                                   const std::string& chat_id) {
  const std::lock_guard lock(mutex_);
  const OwnedChat* found = find_chat(user_id, chat_id);
  if (found == nullptr) return missing("chat");
  std::vector<Message> all;
  std::transform(found->messages.begin(), found->messages.end(), std::back_inserter(all),
                 without_tokens);
  return all;
}

Result<Message> MemoryStore::message(std::int64_t user_id, const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto [chat, message] = find_message(user_id, id);
  if (message == nullptr || chat->deleted_at) return missing("message");
  return without_tokens(*message);
}

Result<std::string> MemoryStore::tokens_of(std::int64_t user_id, const std::string& message_id) {
  const std::lock_guard lock(mutex_);
  const auto [chat, message] = find_message(user_id, message_id);
  if (message == nullptr || chat->deleted_at) return missing("message");
  return message->tokens;
}

Result<void> MemoryStore::change_messages(std::span<const MessageChange> changes) {
  const std::lock_guard lock(mutex_);
  for (const MessageChange& change : changes) {
    const auto [chat, message] = find_message(change.user_id, change.message_id);
    if (message == nullptr) continue;
    const auto set = [](auto& field, const auto& value) {
      if (value) field = *value;
    };
    set(message->content, change.content);
    set(message->thinking, change.thinking);
    set(message->tools, change.tools);
    set(message->finish_reason, change.finish_reason);
    set(message->error, change.error);
    set(message->metrics, change.metrics);
    set(message->status, change.status);
    set(message->seed, change.seed);
    set(message->token_count, change.token_count);
    message->tokens += change.more_tokens;
    message->updated_at = clock_();
  }
  return {};
}

Result<int> MemoryStore::stop_running_messages() {
  const std::lock_guard lock(mutex_);
  int count = 0;
  for (OwnedChat& each : chats_) {
    for (Message& message : each.messages) {
      if (message.status != MessageStatus::running) continue;
      message.status = MessageStatus::stopped;
      message.finish_reason = "interrupted";
      ++count;
    }
  }
  return count;
}

}  // namespace bise::store
