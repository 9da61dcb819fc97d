#include "base/text.h"
#include "base/utf8.h"
#include "store/sqlite/sqlite_store.h"
#include "store/text_match.h"

namespace bise::store {
namespace {

// Fewer characters make no trigram.
bool is_indexed(const std::string& word) {
  int characters = 0;
  for (const char byte : word) characters += (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  return characters >= 3;
}

// Each word as a phrase of the query language, so that nothing in it is an operator.
std::string match_query(const std::vector<std::string>& words) {
  std::string query;
  for (const std::string& word : words) {
    if (!query.empty()) query += " AND ";
    query.push_back('"');
    for (const char letter : word) {
      if (letter == '"') query.push_back('"');
      query.push_back(letter);
    }
    query.push_back('"');
  }
  return query;
}

constexpr std::string_view kHitColumns = "SELECT c.id, c.title, m.id, m.content, m.created_at ";
constexpr std::string_view kOwn = "c.user_id = ?1 AND c.deleted_at IS NULL ";

Result<void> find_in_titles(Connection& db, std::int64_t user_id,
                            const std::vector<std::string>& words, std::size_t limit,
                            std::vector<SearchHit>& hits) {
  Query query(db,
              concat("SELECT c.id, c.title, c.updated_at FROM chats c WHERE ", kOwn,
                     "ORDER BY c.updated_at DESC, c.row DESC"),
              user_id);
  while (hits.size() < limit && TRY(query.step())) {
    SearchHit hit{query.text(), query.text(), "", "", query.integer()};
    if (!holds_all(hit.chat_title, words)) continue;
    hit.excerpt = excerpt(hit.chat_title, words);
    hits.push_back(std::move(hit));
  }
  return {};
}

Result<void> collect(Query& query, const std::vector<std::string>& words,
                     const std::vector<std::string>& unchecked, std::size_t limit,
                     std::vector<SearchHit>& hits) {
  while (hits.size() < limit && TRY(query.step())) {
    SearchHit hit{query.text(), query.text(), query.text(), "", 0};
    const std::string content = query.text();
    hit.at = query.integer();
    if (!holds_all(content, unchecked)) continue;
    hit.excerpt = excerpt(content, words);
    hits.push_back(std::move(hit));
  }
  return {};
}

}  // namespace

Result<std::vector<SearchHit>> SqliteStore::search(std::int64_t user_id, std::string_view text,
                                                   int limit) {
  const std::vector<std::string> words = search_words(replace_invalid_utf8(text));
  std::vector<std::string> indexed, unchecked;
  for (const std::string& word : words) (is_indexed(word) ? indexed : unchecked).push_back(word);
  return read([&](Connection& db) -> Result<std::vector<SearchHit>> {
    std::vector<SearchHit> hits;
    if (words.empty() || limit <= 0) return hits;
    const auto hits_max = static_cast<std::size_t>(limit);
    TRY_VOID(find_in_titles(db, user_id, words, hits_max, hits));
    if (indexed.empty()) {
      Query query(db,
                  concat(kHitColumns, "FROM messages m JOIN chats c ON c.row = m.chat WHERE ", kOwn,
                         "AND m.status <> 0 ORDER BY m.row DESC"),
                  user_id);
      TRY_VOID(collect(query, words, unchecked, hits_max, hits));
      return hits;
    }
    Query query(db,
                concat(kHitColumns,
                       "FROM message_search s JOIN messages m ON m.row = s.rowid "
                       "JOIN chats c ON c.row = m.chat "
                       "WHERE s.text MATCH ?2 AND ",
                       kOwn, "ORDER BY s.rowid DESC"),
                user_id, match_query(indexed));
    TRY_VOID(collect(query, words, unchecked, hits_max, hits));
    return hits;
  });
}

}  // namespace bise::store
