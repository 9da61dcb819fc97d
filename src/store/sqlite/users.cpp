#include "base/text.h"
#include "store/ids.h"
#include "store/sqlite/sqlite_store.h"
#include "store/words.h"

namespace bise::store {
namespace {

// Columns of a User, of the table u.
constexpr std::string_view kUserColumns =
    "u.id, u.public_id, u.name, u.is_owner, u.password_hash, u.created_at";
// Of a Session, of the table s.
constexpr std::string_view kSessionColumns =
    "s.id, s.public_id, s.user_id, s.user_agent, s.created_at, s.last_seen_at";

User read_user(Query& row) {
  return {row.integer(), row.text(), row.text(), row.flag(), row.optional_text(), row.integer()};
}

Session read_session(Query& row) {
  return {row.integer(), row.text(), row.integer(), row.text(), row.integer(), row.integer()};
}

Result<User> find_user(Connection& db, std::int64_t user_id) {
  Query query(db, concat("SELECT ", kUserColumns, " FROM users u WHERE u.id = ?"), user_id);
  if (!TRY(query.step())) return missing("user");
  return read_user(query);
}

Result<bool> is_taken(Connection& db, const std::string& name, std::int64_t by_other_than) {
  Query query(db, "SELECT 1 FROM users WHERE name = ? AND id <> ?", name, by_other_than);
  return query.step();
}

}  // namespace

Result<User> SqliteStore::add_user(const std::string& name) {
  return write([&](Connection& db) -> Result<User> {
    if (TRY(is_taken(db, name, 0))) return name_taken(name);
    Query insert(db,
                 "INSERT INTO users (public_id, name, is_owner, created_at) "
                 "VALUES (?, ?, NOT EXISTS (SELECT 1 FROM users), ?)",
                 random_id(kUserPrefix), name, clock_());
    TRY(insert.done());
    return find_user(db, db.last_row());
  });
}

Result<std::vector<User>> SqliteStore::users() {
  return read([&](Connection& db) -> Result<std::vector<User>> {
    std::vector<User> all;
    Query query(db, concat("SELECT ", kUserColumns, " FROM users u ORDER BY u.id"));
    while (TRY(query.step())) all.push_back(read_user(query));
    return all;
  });
}

Result<User> SqliteStore::user(std::int64_t user_id) {
  return read([&](Connection& db) { return find_user(db, user_id); });
}

Result<User> SqliteStore::rename_user(std::int64_t user_id, const std::string& name) {
  return write([&](Connection& db) -> Result<User> {
    if (TRY(is_taken(db, name, user_id))) return name_taken(name);
    Query update(db, "UPDATE users SET name = ? WHERE id = ?", name, user_id);
    TRY(update.done());
    return find_user(db, user_id);
  });
}

Result<void> SqliteStore::set_password_hash(std::int64_t user_id, std::optional<std::string> hash) {
  return write([&](Connection& db) -> Result<void> {
    Query update(db, "UPDATE users SET password_hash = ? WHERE id = ?", hash, user_id);
    if (TRY(update.done()) == 0) return missing("user");
    return {};
  });
}

Result<void> SqliteStore::remove_user(const std::string& public_id) {
  return write([&](Connection& db) -> Result<void> {
    Query find(db, concat("SELECT ", kUserColumns, " FROM users u WHERE u.public_id = ?"),
               public_id);
    if (!TRY(find.step())) return missing("user");
    const User user = read_user(find);
    if (user.is_owner) return owner_stays();
    Query settings(db, "DELETE FROM settings WHERE user_id = ?", user.id);
    TRY(settings.done());
    Query requests(db, "DELETE FROM requests WHERE user_id = ?", user.id);
    TRY(requests.done());
    Query remove(db, "DELETE FROM users WHERE id = ?", user.id);
    TRY(remove.done());
    return {};
  });
}

Result<void> SqliteStore::add_sign_in_link(std::int64_t user_id, const Digest& digest,
                                           TimeMs expires_at) {
  return write([&](Connection& db) -> Result<void> {
    TRY(find_user(db, user_id));
    Query old(db, "DELETE FROM sign_in_links WHERE expires_at <= ?", clock_());
    TRY(old.done());
    Query insert(db, "INSERT INTO sign_in_links (digest, user_id, expires_at) VALUES (?, ?, ?)",
                 digest, user_id, expires_at);
    TRY(insert.done());
    return {};
  });
}

Result<std::optional<User>> SqliteStore::use_sign_in_link(const Digest& digest) {
  return write([&](Connection& db) -> Result<std::optional<User>> {
    std::int64_t user_id = 0;
    {
      Query find(db, "SELECT user_id FROM sign_in_links WHERE digest = ? AND expires_at > ?",
                 digest, clock_());
      if (!TRY(find.step())) return std::optional<User>();
      user_id = find.integer();
    }
    Query remove(db, "DELETE FROM sign_in_links WHERE digest = ?", digest);
    TRY(remove.done());
    return std::optional<User>(TRY(find_user(db, user_id)));
  });
}

Result<Session> SqliteStore::add_session(const NewSession& session) {
  return write([&](Connection& db) -> Result<Session> {
    TRY(find_user(db, session.user_id));
    Query insert(db,
                 "INSERT INTO sessions (public_id, user_id, digest, user_agent, created_at, "
                 "last_seen_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
                 random_id(kSessionPrefix), session.user_id, session.digest, session.user_agent,
                 clock_());
    TRY(insert.done());
    Query find(db, concat("SELECT ", kSessionColumns, " FROM sessions s WHERE s.id = ?"),
               db.last_row());
    if (!TRY(find.step())) return missing("session");
    return read_session(find);
  });
}

Result<std::optional<SessionAndUser>> SqliteStore::find_session(const Digest& digest) {
  return read([&](Connection& db) -> Result<std::optional<SessionAndUser>> {
    Query query(db,
                concat("SELECT ", kSessionColumns, ", ", kUserColumns,
                       " FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.digest = ?"),
                digest);
    if (!TRY(query.step())) return std::optional<SessionAndUser>();
    return std::optional(SessionAndUser{read_session(query), read_user(query)});
  });
}

Result<std::vector<Session>> SqliteStore::sessions(std::int64_t user_id) {
  return read([&](Connection& db) -> Result<std::vector<Session>> {
    std::vector<Session> all;
    Query query(
        db,
        concat("SELECT ", kSessionColumns,
               " FROM sessions s WHERE s.user_id = ? ORDER BY s.last_seen_at DESC, s.id DESC"),
        user_id);
    while (TRY(query.step())) all.push_back(read_session(query));
    return all;
  });
}

Result<void> SqliteStore::touch_session(std::int64_t session_id) {
  return write([&](Connection& db) -> Result<void> {
    Query update(db, "UPDATE sessions SET last_seen_at = ? WHERE id = ?", clock_(), session_id);
    if (TRY(update.done()) == 0) return missing("session");
    return {};
  });
}

Result<void> SqliteStore::end_session(std::int64_t user_id, const std::string& public_id) {
  return write([&](Connection& db) -> Result<void> {
    Query remove(db, "DELETE FROM sessions WHERE public_id = ? AND user_id = ?", public_id,
                 user_id);
    if (TRY(remove.done()) == 0) return missing("session");
    return {};
  });
}

Result<int> SqliteStore::end_other_sessions(std::int64_t user_id, std::int64_t kept_session_id) {
  return write([&](Connection& db) -> Result<int> {
    Query remove(db, "DELETE FROM sessions WHERE user_id = ? AND id <> ?", user_id,
                 kept_session_id);
    return remove.done();
  });
}

}  // namespace bise::store
