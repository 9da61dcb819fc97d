#include "store/sqlite/schema.h"

#include "base/text.h"

namespace bise::store {
namespace {

// Row numbers of what a Principal names are never used again (AUTOINCREMENT). `parent` has no
// cascade: a long chat would nest too deep; a chat's messages go together.
constexpr const char* kFirst = R"sql(
CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  public_id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL UNIQUE COLLATE NOCASE,
  is_owner INTEGER NOT NULL,
  password_hash TEXT,
  created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE sign_in_links (
  digest BLOB PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_links_user ON sign_in_links (user_id);
CREATE TABLE sessions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  public_id TEXT NOT NULL UNIQUE,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  digest BLOB NOT NULL UNIQUE,
  user_agent TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_user ON sessions (user_id);
CREATE TABLE keys (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  public_id TEXT NOT NULL UNIQUE,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  digest BLOB NOT NULL UNIQUE,
  name TEXT NOT NULL,
  hint TEXT NOT NULL,
  scopes INTEGER NOT NULL,
  lane INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  requests_per_minute INTEGER,
  tokens_per_day INTEGER,
  last_used_at INTEGER,
  revoked_at INTEGER
) STRICT;
CREATE INDEX keys_user ON keys (user_id);
CREATE TABLE key_tokens (
  key_id INTEGER NOT NULL REFERENCES keys (id) ON DELETE CASCADE,
  day INTEGER NOT NULL,
  tokens INTEGER NOT NULL,
  PRIMARY KEY (key_id, day)
) STRICT, WITHOUT ROWID;
CREATE TABLE requests (
  row INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  answer_id TEXT NOT NULL,
  user_id INTEGER NOT NULL,
  key_id INTEGER NOT NULL,
  began_at INTEGER NOT NULL,
  route TEXT NOT NULL,
  family TEXT NOT NULL,
  model TEXT NOT NULL,
  lane INTEGER NOT NULL,
  streams INTEGER NOT NULL,
  choices INTEGER NOT NULL,
  seed INTEGER NOT NULL,
  status INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  error TEXT NOT NULL,
  prompt_tokens INTEGER NOT NULL,
  cached_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  queue_s REAL NOT NULL,
  prefill_s REAL NOT NULL,
  decode_s REAL NOT NULL,
  total_s REAL NOT NULL
) STRICT;
CREATE INDEX requests_began ON requests (began_at);
CREATE INDEX requests_user ON requests (user_id, began_at);
CREATE TABLE chats (
  row INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  title TEXT NOT NULL,
  title_is_own INTEGER NOT NULL,
  model TEXT NOT NULL,
  system_prompt TEXT,
  sampling TEXT NOT NULL,
  draft TEXT NOT NULL,
  pinned INTEGER NOT NULL,
  archived INTEGER NOT NULL,
  active_leaf TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER
) STRICT;
CREATE INDEX chats_list ON chats (user_id, archived, pinned, updated_at, id);
CREATE INDEX chats_deleted ON chats (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE TABLE messages (
  row INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  chat INTEGER NOT NULL REFERENCES chats (row) ON DELETE CASCADE,
  parent INTEGER REFERENCES messages (row) DEFERRABLE INITIALLY DEFERRED,
  role INTEGER NOT NULL,
  content TEXT NOT NULL,
  thinking TEXT NOT NULL,
  tools TEXT NOT NULL,
  edited INTEGER NOT NULL,
  status INTEGER NOT NULL,
  model TEXT NOT NULL,
  seed INTEGER,
  finish_reason TEXT NOT NULL,
  error TEXT NOT NULL,
  metrics TEXT NOT NULL,
  token_count INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX messages_chat ON messages (chat);
CREATE INDEX messages_parent ON messages (parent);
CREATE INDEX messages_running ON messages (status) WHERE status = 0;
CREATE TABLE message_tokens (
  row INTEGER PRIMARY KEY,
  message INTEGER NOT NULL REFERENCES messages (row) ON DELETE CASCADE,
  data BLOB NOT NULL
) STRICT;
CREATE INDEX message_tokens_message ON message_tokens (message);
CREATE TABLE feedback (
  message INTEGER PRIMARY KEY REFERENCES messages (row) ON DELETE CASCADE,
  thumb INTEGER NOT NULL,
  labels TEXT NOT NULL,
  comment TEXT NOT NULL,
  correction TEXT,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE TABLE settings (
  user_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (user_id, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE saved_prompts (
  row INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  text TEXT NOT NULL
) STRICT;
CREATE INDEX saved_prompts_user ON saved_prompts (user_id);
CREATE VIRTUAL TABLE message_search USING fts5 (text, tokenize = 'trigram');
CREATE TRIGGER messages_deleted AFTER DELETE ON messages BEGIN
  DELETE FROM message_search WHERE rowid = old.row;
END;
)sql";

constexpr const char* kSteps[] = {kFirst};

}  // namespace

std::span<const char* const> migrations() {
  return kSteps;
}

Result<void> migrate(Connection& connection, const std::string& path,
                     std::span<const char* const> steps, Migration migration) {
  const auto newest = static_cast<std::int64_t>(steps.size());
  const std::int64_t version = TRY(connection.number("PRAGMA user_version"));
  const std::int64_t application = TRY(connection.number("PRAGMA application_id"));
  const std::int64_t tables = TRY(connection.number("SELECT count(*) FROM sqlite_schema"));
  if (tables != 0 && application != kApplicationId) {
    return Error{ErrorCode::not_supported,
                 concat(path,
                        ": is no store of bise; nothing was changed: move it away or choose "
                        "another data folder")};
  }
  if (version > newest || version < 0) {
    return Error{ErrorCode::not_supported,
                 concat(path, ": was written by a newer bise (version ", version,
                        " of the store, this one knows ", newest,
                        "); nothing was changed: use that bise, or another data folder")};
  }
  if (version == newest) return {};
  if (migration == Migration::refused) {
    return Error{ErrorCode::overloaded, concat(path,
                                               ": is in use by a server that is older than "
                                               "this program: start the server anew first")};
  }
  TRY_VOID(connection.run("BEGIN IMMEDIATE"));
  const auto work = [&]() -> Result<void> {
    for (std::int64_t i = version; i < newest; ++i) {
      TRY_VOID(connection.run(steps[static_cast<std::size_t>(i)]));
    }
    TRY_VOID(connection.run(concat("PRAGMA application_id = ", kApplicationId)));
    TRY_VOID(connection.run(concat("PRAGMA user_version = ", newest)));
    return connection.run("COMMIT");
  };
  Result<void> outcome = work();
  if (!outcome.ok() && connection.in_transaction()) {
    if (!connection.run("ROLLBACK").ok()) return outcome;  // the first reason is the one to tell
  }
  return outcome;
}

}  // namespace bise::store
