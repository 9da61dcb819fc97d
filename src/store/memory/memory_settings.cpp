#include <algorithm>

#include "store/ids.h"
#include "store/memory/memory_store.h"
#include "store/words.h"

namespace bise::store {

Result<void> MemoryStore::set_feedback(std::int64_t user_id, const std::string& message_id,
                                       const std::optional<Feedback>& feedback) {
  const std::lock_guard lock(mutex_);
  const auto [chat, message] = find_message(user_id, message_id);
  if (message == nullptr || chat->deleted_at) return missing("message");
  message->feedback = feedback;
  return {};
}

Result<std::vector<std::string>> MemoryStore::chats_with_feedback(std::int64_t user_id) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> all;
  for (const OwnedChat& each : chats_) {
    const auto has = [](const Message& message) { return message.feedback.has_value(); };
    if (each.user_id == user_id && !each.deleted_at &&
        std::any_of(each.messages.begin(), each.messages.end(), has)) {
      all.push_back(each.chat.id);
    }
  }
  return all;
}

Result<std::vector<Setting>> MemoryStore::settings(std::int64_t user_id) {
  const std::lock_guard lock(mutex_);
  std::vector<Setting> all;
  for (const auto& [user_and_name, value] : settings_) {
    if (user_and_name.first == user_id) all.push_back({user_and_name.second, value});
  }
  return all;
}

Result<void> MemoryStore::set_setting(std::int64_t user_id, const std::string& name,
                                      const std::optional<std::string>& value) {
  const std::lock_guard lock(mutex_);
  if (value)
    settings_[{user_id, name}] = *value;
  else
    settings_.erase({user_id, name});
  return {};
}

Result<std::vector<SavedPrompt>> MemoryStore::saved_prompts(std::int64_t user_id) {
  const std::lock_guard lock(mutex_);
  std::vector<SavedPrompt> all;
  for (const auto& [owner, prompt] : saved_prompts_) {
    if (owner == user_id) all.push_back(prompt);
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const SavedPrompt& a, const SavedPrompt& b) { return a.name < b.name; });
  return all;
}

Result<SavedPrompt> MemoryStore::add_saved_prompt(std::int64_t user_id, const std::string& name,
                                                  const std::string& text) {
  const std::lock_guard lock(mutex_);
  saved_prompts_.push_back({user_id, {random_id(kSavedPromptPrefix), name, text}});
  return saved_prompts_.back().second;
}

Result<void> MemoryStore::change_saved_prompt(std::int64_t user_id, const SavedPrompt& prompt) {
  const std::lock_guard lock(mutex_);
  for (auto& [owner, each] : saved_prompts_) {
    if (owner != user_id || each.id != prompt.id) continue;
    each = prompt;
    return {};
  }
  return missing("prompt");
}

Result<void> MemoryStore::delete_saved_prompt(std::int64_t user_id, const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto is_it = [&](const auto& each) {
    return each.first == user_id && each.second.id == id;
  };
  if (std::erase_if(saved_prompts_, is_it) == 0) return missing("prompt");
  return {};
}

Result<void> MemoryStore::backup(const std::string&) {
  return Error{ErrorCode::not_supported, "a store in memory has no copies"};
}

Result<std::uint64_t> MemoryStore::size_bytes() {
  return std::uint64_t{0};
}

}  // namespace bise::store
