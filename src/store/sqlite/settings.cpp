#include "store/ids.h"
#include "store/sqlite/sqlite_store.h"
#include "store/words.h"

namespace bise::store {

Result<std::vector<Setting>> SqliteStore::settings(std::int64_t user_id) {
  return read([&](Connection& db) -> Result<std::vector<Setting>> {
    std::vector<Setting> all;
    Query query(db, "SELECT name, value FROM settings WHERE user_id = ? ORDER BY name", user_id);
    while (TRY(query.step())) all.push_back({query.text(), query.text()});
    return all;
  });
}

Result<void> SqliteStore::set_setting(std::int64_t user_id, const std::string& name,
                                      const std::optional<std::string>& value) {
  return write([&](Connection& db) -> Result<void> {
    if (value) {
      Query replace(db, "INSERT OR REPLACE INTO settings (user_id, name, value) VALUES (?, ?, ?)",
                    user_id, name, *value);
      TRY(replace.done());
      return {};
    }
    Query remove(db, "DELETE FROM settings WHERE user_id = ? AND name = ?", user_id, name);
    TRY(remove.done());
    return {};
  });
}

Result<std::vector<SavedPrompt>> SqliteStore::saved_prompts(std::int64_t user_id) {
  return read([&](Connection& db) -> Result<std::vector<SavedPrompt>> {
    std::vector<SavedPrompt> all;
    Query query(db, "SELECT id, name, text FROM saved_prompts WHERE user_id = ? ORDER BY name, row",
                user_id);
    while (TRY(query.step())) all.push_back({query.text(), query.text(), query.text()});
    return all;
  });
}

Result<SavedPrompt> SqliteStore::add_saved_prompt(std::int64_t user_id, const std::string& name,
                                                  const std::string& text) {
  return write([&](Connection& db) -> Result<SavedPrompt> {
    SavedPrompt prompt{random_id(kSavedPromptPrefix), name, text};
    Query insert(db, "INSERT INTO saved_prompts (id, user_id, name, text) VALUES (?, ?, ?, ?)",
                 prompt.id, user_id, name, text);
    TRY(insert.done());
    return prompt;
  });
}

Result<void> SqliteStore::change_saved_prompt(std::int64_t user_id, const SavedPrompt& prompt) {
  return write([&](Connection& db) -> Result<void> {
    Query update(db, "UPDATE saved_prompts SET name = ?, text = ? WHERE id = ? AND user_id = ?",
                 prompt.name, prompt.text, prompt.id, user_id);
    if (TRY(update.done()) == 0) return missing("prompt");
    return {};
  });
}

Result<void> SqliteStore::delete_saved_prompt(std::int64_t user_id, const std::string& id) {
  return write([&](Connection& db) -> Result<void> {
    Query remove(db, "DELETE FROM saved_prompts WHERE id = ? AND user_id = ?", id, user_id);
    if (TRY(remove.done()) == 0) return missing("prompt");
    return {};
  });
}

}  // namespace bise::store
