#include <algorithm>
#include <charconv>

#include "api/body.h"
#include "api/page/event_hub.h"
#include "api/page/page_routes.h"
#include "api/page/run_plan.h"
#include "api/page/runs.h"
#include "api/page/wire.h"
#include "base/text.h"
#include "store/text_match.h"

namespace bise::api {
namespace {

constexpr int kChatsOfAPage = 50;
constexpr int kChatsMax = 100;
constexpr std::size_t kTitleBytesMax = 1000;
constexpr std::size_t kTextBytesMax = 1u << 20;           // of a system prompt or a draft
constexpr store::TimeMs kTemporaryMs = 24 * 3600 * 1000;  // after its last message

using Response = PageResult<http::Response>;

// "1-1700000000000-chat_…": where a list goes on.
std::string cursor_of(const store::Chat& chat) {
  return concat(chat.pinned ? 1 : 0, "-", chat.updated_at, "-", chat.id);
}

std::optional<store::ChatCursor> read_cursor(std::string_view text) {
  if (text.size() < 4 || text[1] != '-' || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  store::ChatCursor cursor{.pinned = text[0] == '1'};
  text.remove_prefix(2);
  const auto read = std::from_chars(text.data(), text.data() + text.size(), cursor.updated_at);
  const auto length = static_cast<std::size_t>(read.ptr - text.data());
  if (read.ec != std::errc() || length >= text.size() || text[length] != '-') return std::nullopt;
  cursor.id = text.substr(length + 1);
  return cursor;
}

int read_limit(const http::Request& request) {
  int limit = kChatsOfAPage;
  if (const std::string* asked = request.query_value("limit")) {
    std::from_chars(asked->data(), asked->data() + asked->size(), limit);
  }
  return std::clamp(limit, 1, kChatsMax);
}

Response get_chats(Page& page, const http::Request& request) {
  store::ChatFilter filter{.limit = read_limit(request)};
  const std::string* archived = request.query_value("archived");
  filter.archived = archived != nullptr && *archived == "true";
  if (const std::string* before = request.query_value("before")) {
    filter.after = read_cursor(*before);
    if (!filter.after) return bad_field("before", "is no place in the list");
  }
  auto chats = list_chats(page, principal_of(request).user_id, filter);
  if (!chats.ok()) return chats.error();
  return json_response(*chats);
}

// The members of a chat that a body may set.
std::optional<PageError> read_fields(const Json& body, store::ChatChange& change) {
  const auto is_long = [](const Json* value, std::size_t bytes_max) {
    return value != nullptr && value->is_string() && value->as_string().size() > bytes_max;
  };
  for (const char* name : {"title", "model", "system_prompt", "draft"}) {
    const Json* value = body.find(name);
    if (value != nullptr && !value->is_null() && !value->is_string()) {
      return bad_field(name, "is no text");
    }
    const bool is_name = name == std::string_view("title") || name == std::string_view("model");
    if (is_long(value, is_name ? kTitleBytesMax : kTextBytesMax))
      return bad_field(name, "is too long");
  }
  if (const Json* title = member(body, "title")) {
    change.title = title->as_string();
    change.title_is_own = true;
  }
  if (body.find("model") != nullptr) change.model = text(body, "model");
  if (body.find("draft") != nullptr) change.draft = text(body, "draft");
  if (const Json* prompt = body.find("system_prompt")) {
    change.system_prompt.emplace();
    if (prompt->is_string()) *change.system_prompt = prompt->as_string();
  }
  if (const Json* sampling = body.find("sampling")) {
    if (auto error = check_sampling_fields(*sampling)) return error;
    Json kept = Json::object();
    if (sampling->is_object()) {
      for (const auto& [name, value] : sampling->members()) {
        if (!value.is_null()) kept.set(name, value);
      }
    }
    change.sampling = write_json(kept, {.spaces = false});
  }
  for (const auto& [name, flag] :
       {std::pair("pinned", &change.pinned), std::pair("archived", &change.archived)}) {
    const Json* value = body.find(name);
    if (value == nullptr) continue;
    if (!value->is_bool() && !value->is_null()) return bad_field(name, "is neither true nor false");
    *flag = value->is_bool() && value->as_bool();
  }
  return {};
}

// Nobody deletes what is never stored: old ones make room.
Result<void> forget_temporary(Page& page, std::int64_t user_id) {
  store::Store& where = page.temporary();
  const store::TimeMs now = page.context().now();
  const std::vector<store::Chat> chats = TRY(where.chats(user_id, {.limit = kChatsMax}));
  for (const store::Chat& chat : chats) {
    const bool is_running = !page.runs().run_of_chat(chat.id).empty();
    if (chat.updated_at > now - kTemporaryMs || is_running) continue;
    TRY_VOID(where.delete_chat(user_id, chat.id));
  }
  TRY(where.purge_chats_deleted_before(now - kUndeleteMs));
  return {};
}

Response post_chat(Page& page, const http::Request& request) {
  const std::int64_t user_id = principal_of(request).user_id;
  auto body = read_page_body(request);
  if (!body.ok()) return body.error();
  store::ChatChange change;
  if (auto error = read_fields(*body, change)) return *error;
  store::ChatFields fields;
  fields.title = change.title.value_or("");
  fields.title_is_own = change.title_is_own.value_or(false);
  fields.model = change.model.value_or("");
  if (change.system_prompt) fields.system_prompt = *change.system_prompt;
  fields.sampling = change.sampling.value_or("{}");
  const bool temporary = flag(*body, "temporary", false);
  if (temporary) TRY_VOID(forget_temporary(page, user_id));
  store::Store& where = temporary ? page.temporary() : *page.context().store;
  const store::Chat chat = TRY(where.add_chat(user_id, fields));
  Json shown = shown_chat(page, where, chat);
  publish_chat(page, user_id, shown);
  return json_response(shown, 201);
}

Response get_chat(Page& page, const http::Request& request) {
  const std::int64_t user_id = principal_of(request).user_id;
  const std::string& id = request.path_value("id");
  store::Store& where = page.store_of_chat(user_id, id);
  const std::uint64_t event = page.events().last_id();
  const store::Chat chat = TRY(where.chat(user_id, id));
  const std::vector<store::Message> all = TRY(where.messages(user_id, id));
  Json messages = Json::array();
  for (const store::Message& message : all) messages.push(page.runs().shown(message));
  return json_response(Json::object({{"chat", shown_chat(page, where, chat)},
                                     {"messages", std::move(messages)},
                                     {"event", event}}));
}

Response patch_chat(Page& page, const http::Request& request) {
  const std::int64_t user_id = principal_of(request).user_id;
  const std::string& id = request.path_value("id");
  auto body = read_page_body(request);
  if (!body.ok()) return body.error();
  store::ChatChange change;
  if (auto error = read_fields(*body, change)) return *error;
  store::Store& where = page.store_of_chat(user_id, id);
  const Json* title = body->find("title");
  const bool takes_title_back = title != nullptr && title->is_null();
  const std::string leaf = text(*body, "leaf");
  if (takes_title_back || !leaf.empty()) {
    const std::vector<store::Message> messages = TRY(where.messages(user_id, id));
    if (takes_title_back) {
      change.title = messages.empty() ? "" : title_of(messages.front().content);
      change.title_is_own = false;
    }
    if (!leaf.empty()) change.active_leaf = newest_below(messages, leaf);
  }
  const store::Chat chat = TRY(where.change_chat(user_id, id, change));
  Json shown = shown_chat(page, where, chat);
  const bool is_draft_alone = body->members().size() == 1 && change.draft;
  if (!is_draft_alone) publish_chat(page, user_id, shown);
  return json_response(shown);
}

Response delete_chat(Page& page, const http::Request& request) {
  const std::int64_t user_id = principal_of(request).user_id;
  const std::string& id = request.path_value("id");
  store::Store& where = page.store_of_chat(user_id, id);
  TRY_VOID(where.delete_chat(user_id, id));
  page.runs().stop_chat(user_id, id);
  page.events().publish(user_id, "chat_deleted", Json::object({{"id", id}}));
  return no_content();
}

Response restore_chat(Page& page, const http::Request& request) {
  const std::int64_t user_id = principal_of(request).user_id;
  const std::string& id = request.path_value("id");
  store::Store* where = page.context().store;
  Result<store::Chat> chat = where->undelete_chat(user_id, id);
  if (!chat.ok() && chat.error().code == ErrorCode::not_found) {
    where = &page.temporary();
    chat = where->undelete_chat(user_id, id);
  }
  Json shown = shown_chat(page, *where, TRY(std::move(chat)));
  publish_chat(page, user_id, shown);
  return json_response(shown);
}

Response delete_all_chats(Page& page, const http::Request& request) {
  const Principal& principal = principal_of(request);
  if (auto error = check_person(principal)) return *error;
  page.runs().stop_user(principal.user_id);
  int deleted = TRY(page.context().store->purge_chats_of(principal.user_id));
  deleted += TRY(page.temporary().purge_chats_of(principal.user_id));
  page.events().publish(principal.user_id, "reset", Json::object());
  return json_response(Json::object({{"deleted", deleted}}));
}

std::int64_t utf16_units(std::string_view text) {
  std::int64_t units = 0;
  for (const char byte : text) {
    const auto lead = static_cast<unsigned char>(byte);
    units += (lead & 0xC0) == 0x80 ? 0 : lead >= 0xF0 ? 2 : 1;
  }
  return units;
}

// Where the words stand in it.
Json marks_json(const std::string& snippet, const std::vector<std::string>& words) {
  const std::string lowered = small_letters(snippet);
  std::vector<std::pair<std::size_t, std::size_t>> places;
  for (const std::string& word : words) {
    for (std::size_t at = lowered.find(word); at != std::string::npos;
         at = lowered.find(word, at + word.size())) {
      places.emplace_back(at, at + word.size());
    }
  }
  std::sort(places.begin(), places.end());
  Json marks = Json::array();
  std::size_t end = 0;
  for (const auto& [from, to] : places) {
    if (from < end) continue;
    end = to;
    Json mark = Json::array();
    mark.push(utf16_units(std::string_view(snippet).substr(0, from)));
    mark.push(utf16_units(std::string_view(snippet).substr(0, to)));
    marks.push(std::move(mark));
  }
  return marks;
}

Response search_chats(Page& page, const http::Request& request) {
  const std::int64_t user_id = principal_of(request).user_id;
  const std::string* query = request.query_value("q");
  const std::string words = query == nullptr ? "" : *query;
  store::Store& where = *page.context().store;
  const std::vector<store::SearchHit> hits = TRY(where.search(user_id, words, read_limit(request)));
  Json results = Json::array();
  for (const store::SearchHit& hit : hits) {
    const Result<store::Chat> chat = where.chat(user_id, hit.chat_id);
    if (!chat.ok()) continue;  // deleted meanwhile
    results.push(Json::object({{"chat", shown_chat(page, where, *chat)},
                               {"message", text_or_null(hit.message_id)},
                               {"snippet", hit.excerpt},
                               {"marks", marks_json(hit.excerpt, store::search_words(words))}}));
  }
  return json_response(Json::object({{"results", std::move(results)}}));
}

}  // namespace

Json shown_chat(Page& page, store::Store& where, const store::Chat& chat) {
  return chat_json(
      chat, {.run_id = page.runs().run_of_chat(chat.id), .temporary = &where == &page.temporary()});
}

void publish_chat(Page& page, std::int64_t user_id, const Json& chat) {
  page.events().publish(user_id, "chat", Json::object({{"chat", chat}}));
}

PageResult<Json> list_chats(Page& page, std::int64_t user_id, const store::ChatFilter& filter) {
  store::Store& where = *page.context().store;
  store::ChatFilter one_more = filter;
  ++one_more.limit;
  std::vector<store::Chat> chats = TRY(where.chats(user_id, one_more));
  Json next;
  if (chats.size() > static_cast<std::size_t>(filter.limit)) {
    chats.resize(static_cast<std::size_t>(filter.limit));
    next = cursor_of(chats.back());
  }
  Json list = Json::array();
  for (const store::Chat& chat : chats) list.push(shown_chat(page, where, chat));
  return Json::object({{"chats", std::move(list)}, {"next", std::move(next)}});
}

void mount_chats(http::Router& router, Page& page) {
  constexpr RouteAccess kWho = RouteAccess::chats;
  add_route(router, page, "GET", "/api/chats", kWho, get_chats);
  add_route(router, page, "POST", "/api/chats", kWho, post_chat);
  add_route(router, page, "DELETE", "/api/chats", kWho, delete_all_chats);
  add_route(router, page, "GET", "/api/chats/{id}", kWho, get_chat);
  add_route(router, page, "PATCH", "/api/chats/{id}", kWho, patch_chat);
  add_route(router, page, "DELETE", "/api/chats/{id}", kWho, delete_chat);
  add_route(router, page, "POST", "/api/chats/{id}/restore", kWho, restore_chat);
  add_route(router, page, "GET", "/api/search", kWho, search_chats);
}

}  // namespace bise::api
