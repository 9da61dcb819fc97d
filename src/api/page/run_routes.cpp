#include <charconv>

#include "api/page/event_hub.h"
#include "api/page/page_routes.h"
#include "api/page/runs.h"
#include "http/sse.h"

namespace bise::api {
namespace {

using Response = PageResult<http::Response>;

Response post_run(Page& page, const http::Request& request) {
  auto body = read_page_body(request);
  if (!body.ok()) return body.error();
  const Principal& principal = principal_of(request);
  const std::string& chat_id = request.path_value("id");
  store::Store& where = page.store_of_chat(principal.user_id, chat_id);
  auto answer = page.runs().start({.principal = principal,
                                   .store = &where,
                                   .temporary = &where == &page.temporary(),
                                   .chat_id = chat_id,
                                   .body = std::move(*body)});
  if (!answer.ok()) return answer.error();
  return json_response(*answer, 201);
}

Response stop_run(Page& page, const http::Request& request) {
  page.runs().stop_run(principal_of(request).user_id, request.path_value("id"));
  return no_content();
}

// Nothing where there is no number.
std::optional<std::uint64_t> read_event_id(std::string_view text) {
  std::uint64_t id = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), id);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return id;
}

void serve_events(Page& page, const http::ExchangePtr& exchange) {
  const http::Request& request = exchange->request();
  const Principal& principal = principal_of(request);
  const std::string* last = request.headers.find("last-event-id");
  if (last == nullptr) last = request.query_value("after");
  const auto after = last == nullptr ? std::nullopt : read_event_id(*last);
  http::StreamOptions options = http::sse_options();
  options.buffer_bytes_max = kEventBufferBytes;
  auto stream = exchange->respond_stream(http::sse_head(), options);
  // Its last words are an end, not a cut: the page comes back by itself.
  exchange->on_stopping([stream] { stream->finish_and_close(); });
  page.events().listen({principal.user_id, principal.session_id, std::move(stream)}, after);
}

}  // namespace

void mount_runs(http::Router& router, Page& page) {
  constexpr RouteAccess kWho = RouteAccess::chats;
  add_route(router, page, "POST", "/api/chats/{id}/runs", kWho, post_run);
  add_route(router, page, "POST", "/api/runs/{id}/stop", kWho, stop_run);
  router.add(
      {.method = "GET",
       .pattern = "/api/events",
       .access = access(kWho),
       .handler = [&page](const http::ExchangePtr& exchange) { serve_events(page, exchange); }});
}

}  // namespace bise::api
