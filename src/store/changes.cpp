#include "store/changes.h"

namespace bise::store {

void apply(Chat& chat, const ChatChange& change) {
  const auto set = [](auto& field, const auto& value) {
    if (value) field = *value;
  };
  set(chat.title, change.title);
  set(chat.title_is_own, change.title_is_own);
  set(chat.model, change.model);
  set(chat.system_prompt, change.system_prompt);
  set(chat.sampling, change.sampling);
  set(chat.draft, change.draft);
  set(chat.pinned, change.pinned);
  set(chat.archived, change.archived);
  set(chat.active_leaf, change.active_leaf);
}

}  // namespace bise::store
