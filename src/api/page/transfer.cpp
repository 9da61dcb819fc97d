#include "api/body.h"
#include "api/page/event_hub.h"
#include "api/page/import_chats.h"
#include "api/page/page_routes.h"
#include "api/page/wire.h"
#include "base/text.h"

namespace bise::api {
namespace {

constexpr int kImportDepthMax = 128;

using Response = PageResult<http::Response>;

// Letters and digits of a title, for the name of a file.
std::string file_name(const std::string& title) {
  std::string name;
  for (const char letter : title) {
    const bool is_plain = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                          (letter >= '0' && letter <= '9');
    if (is_plain)
      name.push_back(letter);
    else if (!name.empty() && name.back() != '-')
      name.push_back('-');
    if (name.size() == 40) break;
  }
  while (!name.empty() && name.back() == '-') name.pop_back();
  return name.empty() ? "chat" : name;
}

http::Response file_response(std::string body, const char* type, const std::string& name) {
  http::Response response;
  response.headers.set("Content-Type", type);
  response.headers.set("Content-Disposition", concat("attachment; filename=\"", name, "\""));
  response.headers.set("X-Content-Type-Options", "nosniff");
  response.body = std::move(body);
  return response;
}

Response get_export(Page& page, const http::Request& request) {
  const std::int64_t user_id = principal_of(request).user_id;
  const std::string& id = request.path_value("id");
  store::Store& where = page.store_of_chat(user_id, id);
  const store::Chat chat = TRY(where.chat(user_id, id));
  const std::vector<store::Message> messages = TRY(where.messages(user_id, id));
  const std::string* format = request.query_value("format");
  const std::string name = file_name(chat.title);
  if (format != nullptr && *format == "markdown") {
    return file_response(export_markdown(chat, messages), "text/markdown; charset=utf-8",
                         name + ".md");
  }
  if (format != nullptr && *format != "json") {
    return bad_field("format", "is neither json nor markdown");
  }
  return file_response(write_json(export_chat(chat, messages)), "application/json", name + ".json");
}

Response post_import(Page& page, const http::Request& request) {
  const std::int64_t user_id = principal_of(request).user_id;
  Result<Json> file =
      read_json(request.body, {.depth_max = kImportDepthMax, .replace_invalid_utf8 = true});
  if (!file.ok()) {
    return ApiError{.status = 400,
                    .message = concat("the file is not JSON: ", file.error().message)};
  }
  ImportedFile read = read_imported_chats(*file, page.context().now());
  Json chats = Json::array();
  for (const store::ImportedChat& each : read.chats) {
    const store::Chat chat = TRY(page.context().store->import_chat(user_id, each));
    chats.push(chat.id);
    publish_chat(page, user_id, shown_chat(page, *page.context().store, chat));
  }
  Json skipped = Json::array();
  for (const ImportedFile::Skipped& each : read.skipped) {
    skipped.push(Json::object({{"index", each.index}, {"reason", each.reason}}));
  }
  return json_response(
      Json::object({{"chats", std::move(chats)}, {"skipped", std::move(skipped)}}));
}

Json turn_json(const char* role, const std::string& content) {
  return Json::object({{"role", role}, {"content", content}});
}

// One answer that something was said of, with what led to it: {"messages", "weight"}. A corrected
// one is learned from as it should have been; a poor one without a correction weighs nothing.
std::string feedback_line(const store::Chat& chat, const std::vector<store::Message>& messages,
                          const store::Message& answer) {
  Json turns = Json::array();
  if (chat.system_prompt && !chat.system_prompt->empty()) {
    turns.push(turn_json("system", *chat.system_prompt));
  }
  for (const store::Message* message : path_to(messages, answer.id)) {
    const bool is_answer = message->role == store::Role::assistant;
    const bool is_corrected = message->id == answer.id && answer.feedback->correction;
    turns.push(turn_json(is_answer ? "assistant" : "user",
                         is_corrected ? *answer.feedback->correction : message->content));
  }
  const bool is_good = answer.feedback->correction || answer.feedback->thumb == store::Thumb::up;
  const Json line = Json::object({{"messages", std::move(turns)}, {"weight", is_good ? 1 : 0}});
  return write_json(line) + "\n";
}

Response get_feedback_export(Page& page, const http::Request& request) {
  const std::int64_t user_id = principal_of(request).user_id;
  store::Store& where = *page.context().store;
  const std::vector<std::string> ids = TRY(where.chats_with_feedback(user_id));
  std::string lines;
  for (const std::string& id : ids) {
    const store::Chat chat = TRY(where.chat(user_id, id));
    const std::vector<store::Message> messages = TRY(where.messages(user_id, id));
    for (const store::Message& message : messages) {
      if (message.role != store::Role::assistant || !message.feedback) continue;
      if (message.feedback->thumb == store::Thumb::none && !message.feedback->correction) continue;
      lines += feedback_line(chat, messages, message);
    }
  }
  return file_response(std::move(lines), "application/jsonl", "feedback.jsonl");
}

}  // namespace

void mount_transfer(http::Router& router, Page& page) {
  constexpr RouteAccess kWho = RouteAccess::chats;
  add_route(router, page, "GET", "/api/chats/{id}/export", kWho, get_export);
  add_route(router, page, "POST", "/api/import", kWho, post_import);
  add_route(router, page, "GET", "/api/feedback/export", kWho, get_feedback_export);
}

}  // namespace bise::api
