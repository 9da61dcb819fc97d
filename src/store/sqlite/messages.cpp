#include "base/text.h"
#include "store/feedback_labels.h"
#include "store/ids.h"
#include "store/sqlite/chat_rows.h"
#include "store/sqlite/sqlite_store.h"
#include "store/words.h"

namespace bise::store {
namespace {

// Of m and c, its chat, p, its parent, and f, what was said of it.
constexpr std::string_view kMessageColumns =
    "p.id, m.role, m.content, m.thinking, m.tools, m.edited, m.status, m.model, m.seed, "
    "m.finish_reason, m.error, m.metrics, m.token_count, m.id, c.id, m.created_at, m.updated_at, "
    "f.thumb, f.labels, f.comment, f.correction";
constexpr std::string_view kMessageTables =
    " FROM messages m JOIN chats c ON c.row = m.chat LEFT JOIN messages p ON p.row = m.parent "
    "LEFT JOIN feedback f ON f.message = m.row ";

Message read_message(Query& row) {
  Message message;
  message.parent_id = row.text();
  message.role = static_cast<Role>(row.small());
  message.content = row.text();
  message.thinking = row.text();
  message.tools = row.text();
  message.edited = row.flag();
  message.status = static_cast<MessageStatus>(row.small());
  message.model = row.text();
  if (const auto seed = row.optional_integer()) message.seed = static_cast<std::uint64_t>(*seed);
  message.finish_reason = row.text();
  message.error = row.text();
  message.metrics = row.text();
  message.token_count = row.integer();
  message.id = row.text();
  message.chat_id = row.text();
  message.created_at = row.integer();
  message.updated_at = row.integer();
  if (const auto thumb = row.optional_integer()) {
    Feedback feedback;
    feedback.thumb = static_cast<Thumb>(*thumb);
    feedback.labels = read_labels(row.text());
    feedback.comment = row.text();
    feedback.correction = row.optional_text();
    message.feedback = std::move(feedback);
  }
  return message;
}

// While an answer runs, its text changes too often to be indexed.
Result<void> index_text(Connection& db, std::int64_t row, std::string_view content,
                        MessageStatus status) {
  if (status == MessageStatus::running) return {};
  Query replace(db, "INSERT OR REPLACE INTO message_search (rowid, text) VALUES (?, ?)", row,
                content);
  TRY(replace.done());
  return {};
}

Result<void> append_tokens(Connection& db, std::int64_t row, std::string_view tokens) {
  if (tokens.empty()) return {};
  Query insert(db, "INSERT INTO message_tokens (message, data) VALUES (?, ?)", row, Blob{tokens});
  TRY(insert.done());
  return {};
}

// Nothing when it is not there, or not the user's.
Result<std::optional<std::int64_t>> find_row(Connection& db, std::int64_t user_id,
                                             const std::string& message_id) {
  Query query(db,
              "SELECT m.row FROM messages m JOIN chats c ON c.row = m.chat "
              "WHERE m.id = ? AND c.user_id = ? AND c.deleted_at IS NULL",
              message_id, user_id);
  if (!TRY(query.step())) return std::optional<std::int64_t>();
  return std::optional(query.integer());
}

Result<Message> find_message(Connection& db, std::int64_t user_id, const std::string& id) {
  Query query(db,
              concat("SELECT ", kMessageColumns, kMessageTables,
                     "WHERE m.id = ? AND c.user_id = ? AND c.deleted_at IS NULL"),
              id, user_id);
  if (!TRY(query.step())) return missing("message");
  return read_message(query);
}

// Also of a chat that was deleted meanwhile: it may come back.
Result<void> change_message(Connection& db, const MessageChange& change, TimeMs now) {
  std::optional<std::int64_t> status;
  if (change.status) status = static_cast<std::int64_t>(*change.status);
  std::optional<std::int64_t> seed;
  if (change.seed) seed = as_signed(*change.seed);
  std::int64_t row = 0;
  std::string content;
  MessageStatus now_is = MessageStatus::running;
  {
    Query update(db,
                 "UPDATE messages SET content = coalesce(?3, content), "
                 "thinking = coalesce(?4, thinking), tools = coalesce(?5, tools), "
                 "finish_reason = coalesce(?6, finish_reason), error = coalesce(?7, error), "
                 "metrics = coalesce(?8, metrics), status = coalesce(?9, status), "
                 "seed = coalesce(?10, seed), token_count = coalesce(?11, token_count), "
                 "updated_at = ?12 WHERE id = ?1 "
                 "AND chat IN (SELECT row FROM chats WHERE user_id = ?2) "
                 "RETURNING row, content, status",
                 change.message_id, change.user_id, change.content, change.thinking, change.tools,
                 change.finish_reason, change.error, change.metrics, status, seed,
                 change.token_count, now);
    if (!TRY(update.step())) return {};
    row = update.integer();
    content = update.text();
    now_is = static_cast<MessageStatus>(update.small());
    TRY(update.done());
  }
  TRY_VOID(append_tokens(db, row, change.more_tokens));
  if (!change.status && !change.content) return {};
  return index_text(db, row, content, now_is);
}

}  // namespace

Result<MessagePlace> insert_message(Connection& db, std::int64_t chat_row,
                                    std::optional<std::int64_t> parent_row,
                                    const MessageFields& fields, const MessageTimes& times) {
  MessagePlace place{0, random_id(kMessagePrefix)};
  std::optional<std::int64_t> seed;
  if (fields.seed) seed = as_signed(*fields.seed);
  Query insert(db,
               "INSERT INTO messages (id, chat, parent, role, content, thinking, tools, edited, "
               "status, model, seed, finish_reason, error, metrics, token_count, created_at, "
               "updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
               place.id, chat_row, parent_row, static_cast<int>(fields.role), fields.content,
               fields.thinking, fields.tools, fields.edited, static_cast<int>(fields.status),
               fields.model, seed, fields.finish_reason, fields.error, fields.metrics,
               fields.token_count, times.created_at, times.updated_at);
  TRY(insert.done());
  place.row = db.last_row();
  TRY_VOID(append_tokens(db, place.row, fields.tokens));
  TRY_VOID(index_text(db, place.row, fields.content, fields.status));
  return place;
}

Result<Message> SqliteStore::add_message(std::int64_t user_id, const std::string& chat_id,
                                         const MessageFields& fields) {
  return write([&](Connection& db) -> Result<Message> {
    Query chat(db, "SELECT row FROM chats WHERE id = ? AND user_id = ? AND deleted_at IS NULL",
               chat_id, user_id);
    if (!TRY(chat.step())) return missing("chat");
    const std::int64_t chat_row = chat.integer();
    std::optional<std::int64_t> parent_row;
    if (!fields.parent_id.empty()) {
      Query parent(db, "SELECT row FROM messages WHERE id = ? AND chat = ?", fields.parent_id,
                   chat_row);
      if (!TRY(parent.step())) return missing("message");
      parent_row = parent.integer();
    }
    const TimeMs now = clock_();
    const MessagePlace place = TRY(insert_message(db, chat_row, parent_row, fields, {now, now}));
    Query update(db, "UPDATE chats SET active_leaf = ?, updated_at = ? WHERE row = ?", place.id,
                 now, chat_row);
    TRY(update.done());
    return find_message(db, user_id, place.id);
  });
}

Result<std::vector<Message>> SqliteStore::messages(std::int64_t user_id,
                                                   const std::string& chat_id) {
  return read([&](Connection& db) -> Result<std::vector<Message>> {
    Query chat(db, "SELECT row FROM chats WHERE id = ? AND user_id = ? AND deleted_at IS NULL",
               chat_id, user_id);
    if (!TRY(chat.step())) return missing("chat");
    std::vector<Message> all;
    Query query(
        db, concat("SELECT ", kMessageColumns, kMessageTables, "WHERE m.chat = ? ORDER BY m.row"),
        chat.integer());
    while (TRY(query.step())) all.push_back(read_message(query));
    return all;
  });
}

Result<Message> SqliteStore::message(std::int64_t user_id, const std::string& id) {
  return read([&](Connection& db) { return find_message(db, user_id, id); });
}

Result<std::string> SqliteStore::tokens_of(std::int64_t user_id, const std::string& message_id) {
  return read([&](Connection& db) -> Result<std::string> {
    const auto row = TRY(find_row(db, user_id, message_id));
    if (!row) return missing("message");
    std::string all;
    Query query(db, "SELECT data FROM message_tokens WHERE message = ? ORDER BY row", *row);
    while (TRY(query.step())) all += query.text();
    return all;
  });
}

Result<void> SqliteStore::change_messages(std::span<const MessageChange> changes) {
  return write([&](Connection& db) -> Result<void> {
    const TimeMs now = clock_();
    for (const MessageChange& change : changes) TRY_VOID(change_message(db, change, now));
    return {};
  });
}

Result<int> SqliteStore::stop_running_messages() {
  return write([&](Connection& db) -> Result<int> {
    Query index(db,
                "INSERT OR REPLACE INTO message_search (rowid, text) "
                "SELECT row, content FROM messages WHERE status = 0");
    TRY(index.done());
    Query update(db,
                 "UPDATE messages SET status = 1, finish_reason = 'interrupted' WHERE status = 0");
    return update.done();
  });
}

Result<void> SqliteStore::set_feedback(std::int64_t user_id, const std::string& message_id,
                                       const std::optional<Feedback>& feedback) {
  return write([&](Connection& db) -> Result<void> {
    const auto row = TRY(find_row(db, user_id, message_id));
    if (!row) return missing("message");
    if (!feedback) {
      Query remove(db, "DELETE FROM feedback WHERE message = ?", *row);
      TRY(remove.done());
      return {};
    }
    Query replace(db,
                  "INSERT OR REPLACE INTO feedback (message, thumb, labels, comment, correction, "
                  "updated_at) VALUES (?, ?, ?, ?, ?, ?)",
                  *row, static_cast<int>(feedback->thumb), write_labels(feedback->labels),
                  feedback->comment, feedback->correction, clock_());
    TRY(replace.done());
    return {};
  });
}

Result<std::vector<std::string>> SqliteStore::chats_with_feedback(std::int64_t user_id) {
  return read([&](Connection& db) -> Result<std::vector<std::string>> {
    std::vector<std::string> all;
    Query query(db,
                "SELECT c.id FROM chats c WHERE c.user_id = ? AND c.deleted_at IS NULL AND EXISTS "
                "(SELECT 1 FROM feedback f JOIN messages m ON m.row = f.message "
                "WHERE m.chat = c.row) ORDER BY c.row",
                user_id);
    while (TRY(query.step())) all.push_back(query.text());
    return all;
  });
}

}  // namespace bise::store
