#include <map>

#include "base/text.h"
#include "store/changes.h"
#include "store/ids.h"
#include "store/sqlite/chat_rows.h"
#include "store/sqlite/sqlite_store.h"
#include "store/words.h"

namespace bise::store {
namespace {

constexpr std::string_view kChatColumns =
    "id, title, title_is_own, model, system_prompt, sampling, draft, pinned, archived, "
    "active_leaf, created_at, updated_at";

Chat read_chat(Query& row) {
  Chat chat;
  chat.id = row.text();
  chat.title = row.text();
  chat.title_is_own = row.flag();
  chat.model = row.text();
  chat.system_prompt = row.optional_text();
  chat.sampling = row.text();
  chat.draft = row.text();
  chat.pinned = row.flag();
  chat.archived = row.flag();
  chat.active_leaf = row.text();
  chat.created_at = row.integer();
  chat.updated_at = row.integer();
  return chat;
}

Result<Chat> find_chat(Connection& db, std::int64_t user_id, const std::string& id) {
  Query query(db,
              concat("SELECT ", kChatColumns,
                     " FROM chats WHERE id = ? AND user_id = ? AND deleted_at IS NULL"),
              id, user_id);
  if (!TRY(query.step())) return missing("chat");
  return read_chat(query);
}

Result<std::string> insert_chat(Connection& db, std::int64_t user_id, const ChatFields& fields,
                                TimeMs created_at, TimeMs updated_at) {
  const std::string id = random_id(kChatPrefix);
  Query insert(db,
               "INSERT INTO chats (id, user_id, title, title_is_own, model, system_prompt, "
               "sampling, draft, pinned, archived, active_leaf, created_at, updated_at) "
               "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?)",
               id, user_id, fields.title, fields.title_is_own, fields.model, fields.system_prompt,
               fields.sampling, fields.draft, fields.pinned, fields.archived, created_at,
               updated_at);
  TRY(insert.done());
  return id;
}

Result<void> set_leaf(Connection& db, std::int64_t chat_row, const std::string& leaf) {
  Query update(db, "UPDATE chats SET active_leaf = ? WHERE row = ?", leaf, chat_row);
  TRY(update.done());
  return {};
}

Result<void> insert_imported(Connection& db, std::int64_t chat_row, const ImportedChat& chat) {
  std::map<std::string, MessagePlace> places;  // by their ids
  for (const Message& message : chat.messages) {
    const auto parent = places.find(message.parent_id);
    if (!message.parent_id.empty() && parent == places.end()) {
      return Error{ErrorCode::invalid_argument, "a message stands before the one it answers"};
    }
    std::optional<std::int64_t> parent_row;
    if (parent != places.end()) parent_row = parent->second.row;
    places[message.id] = TRY(insert_message(db, chat_row, parent_row, message,
                                            {message.created_at, message.updated_at}));
  }
  if (chat.active_leaf.empty()) return {};
  const auto leaf = places.find(chat.active_leaf);
  if (leaf == places.end()) return missing("message");
  return set_leaf(db, chat_row, leaf->second.id);
}

}  // namespace

Result<Chat> SqliteStore::add_chat(std::int64_t user_id, const ChatFields& fields) {
  return write([&](Connection& db) -> Result<Chat> {
    const TimeMs now = clock_();
    return find_chat(db, user_id, TRY(insert_chat(db, user_id, fields, now, now)));
  });
}

Result<Chat> SqliteStore::import_chat(std::int64_t user_id, const ImportedChat& chat) {
  return write([&](Connection& db) -> Result<Chat> {
    const std::string id =
        TRY(insert_chat(db, user_id, chat.fields, chat.created_at, chat.updated_at));
    TRY_VOID(insert_imported(db, db.last_row(), chat));
    return find_chat(db, user_id, id);
  });
}

Result<Chat> SqliteStore::chat(std::int64_t user_id, const std::string& id) {
  return read([&](Connection& db) { return find_chat(db, user_id, id); });
}

Result<std::vector<Chat>> SqliteStore::chats(std::int64_t user_id, const ChatFilter& filter) {
  return read([&](Connection& db) -> Result<std::vector<Chat>> {
    std::optional<bool> pinned;
    std::optional<TimeMs> time;
    std::optional<std::string> id;
    if (filter.after) {
      pinned = filter.after->pinned;
      time = filter.after->updated_at;
      id = filter.after->id;
    }
    std::vector<Chat> all;
    Query query(db,
                concat("SELECT ", kChatColumns,
                       " FROM chats WHERE user_id = ?1 AND archived = ?2 AND deleted_at IS NULL ",
                       filter.after ? "AND (pinned, updated_at, id) < (?3, ?4, ?5) "
                                    : "AND ?3 IS NULL AND ?4 IS NULL AND ?5 IS NULL ",
                       "ORDER BY pinned DESC, updated_at DESC, id DESC LIMIT ?6"),
                user_id, filter.archived, pinned, time, id, filter.limit);
    while (TRY(query.step())) all.push_back(read_chat(query));
    return all;
  });
}

Result<Chat> SqliteStore::change_chat(std::int64_t user_id, const std::string& id,
                                      const ChatChange& change) {
  return write([&](Connection& db) -> Result<Chat> {
    Chat chat = TRY(find_chat(db, user_id, id));
    if (change.active_leaf && !change.active_leaf->empty()) {
      Query owned(db,
                  "SELECT 1 FROM messages m JOIN chats c ON c.row = m.chat "
                  "WHERE m.id = ? AND c.id = ?",
                  *change.active_leaf, id);
      if (!TRY(owned.step())) return missing("message");
    }
    apply(chat, change);
    Query update(db,
                 "UPDATE chats SET title = ?, title_is_own = ?, model = ?, system_prompt = ?, "
                 "sampling = ?, draft = ?, pinned = ?, archived = ?, active_leaf = ? "
                 "WHERE id = ? AND user_id = ?",
                 chat.title, chat.title_is_own, chat.model, chat.system_prompt, chat.sampling,
                 chat.draft, chat.pinned, chat.archived, chat.active_leaf, id, user_id);
    TRY(update.done());
    return chat;
  });
}

Result<void> SqliteStore::delete_chat(std::int64_t user_id, const std::string& id) {
  return write([&](Connection& db) -> Result<void> {
    Query update(db,
                 "UPDATE chats SET deleted_at = ? "
                 "WHERE id = ? AND user_id = ? AND deleted_at IS NULL",
                 clock_(), id, user_id);
    if (TRY(update.done()) == 0) return missing("chat");
    return {};
  });
}

Result<Chat> SqliteStore::undelete_chat(std::int64_t user_id, const std::string& id) {
  return write([&](Connection& db) -> Result<Chat> {
    Query update(db,
                 "UPDATE chats SET deleted_at = NULL "
                 "WHERE id = ? AND user_id = ? AND deleted_at IS NOT NULL",
                 id, user_id);
    if (TRY(update.done()) == 0) return missing("chat");
    return find_chat(db, user_id, id);
  });
}

Result<int> SqliteStore::purge_chats_deleted_before(TimeMs time) {
  return write([&](Connection& db) -> Result<int> {
    Query remove(db, "DELETE FROM chats WHERE deleted_at < ?", time);
    return remove.done();
  });
}

Result<int> SqliteStore::purge_chats_of(std::int64_t user_id) {
  return write([&](Connection& db) -> Result<int> {
    Query remove(db, "DELETE FROM chats WHERE user_id = ?", user_id);
    return remove.done();
  });
}

}  // namespace bise::store
