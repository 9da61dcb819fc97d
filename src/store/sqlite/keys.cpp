#include "base/text.h"
#include "store/ids.h"
#include "store/sqlite/sqlite_store.h"
#include "store/words.h"

namespace bise::store {
namespace {

// Columns of a Key, of the table k.
constexpr std::string_view kKeyColumns =
    "k.id, k.public_id, k.user_id, k.name, k.hint, k.scopes, k.lane, k.created_at, "
    "k.expires_at, k.requests_per_minute, k.tokens_per_day, k.last_used_at, "
    "(SELECT coalesce(sum(t.tokens), 0) FROM key_tokens t WHERE t.key_id = k.id)";

constexpr std::string_view kRequestColumns =
    "id, answer_id, user_id, key_id, began_at, route, family, model, lane, streams, choices, "
    "seed, status, outcome, error, prompt_tokens, cached_tokens, completion_tokens, queue_s, "
    "prefill_s, decode_s, total_s";

Key read_key(Query& row) {
  Key key;
  key.id = row.integer();
  key.public_id = row.text();
  key.user_id = row.integer();
  key.name = row.text();
  key.hint = row.text();
  key.scopes = static_cast<std::uint32_t>(row.integer());
  key.lane = row.small();
  key.created_at = row.integer();
  key.expires_at = row.optional_integer();
  key.requests_per_minute = row.optional_integer();
  key.tokens_per_day = row.optional_integer();
  key.last_used_at = row.optional_integer();
  key.tokens = row.integer();
  return key;
}

Result<void> add_request(Connection& db, const RequestRow& row) {
  Query insert(
      db,
      concat("INSERT INTO requests (", kRequestColumns,
             ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
      row.id, row.answer_id, row.user_id, row.key_id, row.began_at, row.route, row.family,
      row.model, row.lane, row.streams, row.choices, as_signed(row.seed), row.status, row.outcome,
      row.error, row.prompt_tokens, row.cached_tokens, row.completion_tokens, row.queue_s,
      row.prefill_s, row.decode_s, row.total_s);
  TRY(insert.done());
  if (row.key_id == 0) return {};
  Query used(db, "UPDATE keys SET last_used_at = max(coalesce(last_used_at, 0), ?) WHERE id = ?",
             row.began_at, row.key_id);
  if (TRY(used.done()) == 0) return {};  // its user has been removed meanwhile
  Query count(db,
              "INSERT INTO key_tokens (key_id, day, tokens) VALUES (?, ?, ?) "
              "ON CONFLICT DO UPDATE SET tokens = tokens + excluded.tokens",
              row.key_id, row.began_at / kDayMs, row.prompt_tokens + row.completion_tokens);
  TRY(count.done());
  return {};
}

RequestRow read_request(Query& row) {
  RequestRow request;
  request.id = row.text();
  request.answer_id = row.text();
  request.user_id = row.integer();
  request.key_id = row.integer();
  request.began_at = row.integer();
  request.route = row.text();
  request.family = row.text();
  request.model = row.text();
  request.lane = row.small();
  request.streams = row.flag();
  request.choices = row.small();
  request.seed = static_cast<std::uint64_t>(row.integer());
  request.status = row.small();
  request.outcome = row.text();
  request.error = row.text();
  request.prompt_tokens = row.integer();
  request.cached_tokens = row.integer();
  request.completion_tokens = row.integer();
  request.queue_s = row.real();
  request.prefill_s = row.real();
  request.decode_s = row.real();
  request.total_s = row.real();
  return request;
}

Result<Key> find_own_key(Connection& db, std::int64_t user_id, const std::string& public_id) {
  Query find(
      db,
      concat("SELECT ", kKeyColumns,
             " FROM keys k WHERE k.public_id = ? AND k.user_id = ? AND k.revoked_at IS NULL"),
      public_id, user_id);
  if (!TRY(find.step())) return missing("key");
  return read_key(find);
}

}  // namespace

Result<Key> SqliteStore::add_key(const NewKey& key) {
  return write([&](Connection& db) -> Result<Key> {
    Query user(db, "SELECT 1 FROM users WHERE id = ?", key.user_id);
    if (!TRY(user.step())) return missing("user");
    const std::string public_id = random_id(kKeyPrefix);
    Query insert(db,
                 "INSERT INTO keys (public_id, user_id, digest, name, hint, scopes, lane, "
                 "created_at, expires_at, requests_per_minute, tokens_per_day) "
                 "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                 public_id, key.user_id, key.digest, key.name, key.hint,
                 static_cast<std::int64_t>(key.scopes), key.lane, clock_(), key.expires_at,
                 key.requests_per_minute, key.tokens_per_day);
    TRY(insert.done());
    return find_own_key(db, key.user_id, public_id);
  });
}

Result<std::optional<KeyAndUser>> SqliteStore::find_key(const Digest& digest) {
  return read([&](Connection& db) -> Result<std::optional<KeyAndUser>> {
    Query query(db,
                concat("SELECT ", kKeyColumns,
                       ", u.id, u.public_id, u.name, u.is_owner, u.password_hash, u.created_at "
                       "FROM keys k JOIN users u ON u.id = k.user_id "
                       "WHERE k.digest = ? AND k.revoked_at IS NULL"),
                digest);
    if (!TRY(query.step())) return std::optional<KeyAndUser>();
    KeyAndUser found;
    found.key = read_key(query);
    found.user = {query.integer(), query.text(),          query.text(),
                  query.flag(),    query.optional_text(), query.integer()};
    return std::optional(std::move(found));
  });
}

Result<std::vector<Key>> SqliteStore::keys(std::int64_t user_id) {
  return read([&](Connection& db) -> Result<std::vector<Key>> {
    std::vector<Key> all;
    Query query(
        db,
        concat("SELECT ", kKeyColumns,
               " FROM keys k WHERE k.user_id = ? AND k.revoked_at IS NULL ORDER BY k.id DESC"),
        user_id);
    while (TRY(query.step())) all.push_back(read_key(query));
    return all;
  });
}

Result<Key> SqliteStore::rename_key(std::int64_t user_id, const std::string& public_id,
                                    const std::string& name) {
  return write([&](Connection& db) -> Result<Key> {
    Query update(db,
                 "UPDATE keys SET name = ? "
                 "WHERE public_id = ? AND user_id = ? AND revoked_at IS NULL",
                 name, public_id, user_id);
    TRY(update.done());
    return find_own_key(db, user_id, public_id);
  });
}

Result<void> SqliteStore::revoke_key(std::int64_t user_id, const std::string& public_id) {
  return write([&](Connection& db) -> Result<void> {
    Query update(db,
                 "UPDATE keys SET revoked_at = ? "
                 "WHERE public_id = ? AND user_id = ? AND revoked_at IS NULL",
                 clock_(), public_id, user_id);
    if (TRY(update.done()) == 0) return missing("key");
    return {};
  });
}

Result<std::int64_t> SqliteStore::tokens_of_day(std::int64_t key_id, std::int64_t day) {
  return read([&](Connection& db) -> Result<std::int64_t> {
    Query query(db, "SELECT tokens FROM key_tokens WHERE key_id = ? AND day = ?", key_id, day);
    if (!TRY(query.step())) return std::int64_t{0};
    return query.integer();
  });
}

Result<void> SqliteStore::add_requests(std::span<const RequestRow> rows) {
  return write([&](Connection& db) -> Result<void> {
    for (const RequestRow& row : rows) TRY_VOID(add_request(db, row));
    return {};
  });
}

Result<std::vector<RequestRow>> SqliteStore::requests(std::optional<std::int64_t> user_id,
                                                      int limit) {
  return read([&](Connection& db) -> Result<std::vector<RequestRow>> {
    std::vector<RequestRow> all;
    Query query(db,
                concat("SELECT ", kRequestColumns, " FROM requests ",
                       user_id ? "WHERE user_id = ?1 " : "WHERE ?1 IS NULL ",
                       "ORDER BY began_at DESC, row DESC LIMIT ?2"),
                user_id, limit);
    while (TRY(query.step())) all.push_back(read_request(query));
    return all;
  });
}

Result<int> SqliteStore::remove_requests_before(TimeMs time) {
  return write([&](Connection& db) -> Result<int> {
    Query remove(db, "DELETE FROM requests WHERE began_at < ?", time);
    return remove.done();
  });
}

}  // namespace bise::store
