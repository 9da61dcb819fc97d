#include "http/sse.h"

#include <algorithm>

namespace bise::http {
namespace {

// A field of one line; what would end it, or the browser would drop the id for, is left out.
void append_field(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  out.append(name).append(": ");
  std::copy_if(value.begin(), value.end(), std::back_inserter(out),
               [](char c) { return c != '\r' && c != '\n' && c != '\0'; });
  out += '\n';
}

// Each line with that beginning. Lines end with CR, LF or CRLF, as the reader of events takes them.
void append_lines(std::string& out, std::string_view prefix, std::string_view text) {
  for (;;) {
    const auto end = text.find_first_of("\r\n");
    out.append(prefix).append(text.substr(0, end)).append("\n");
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + (text.substr(end).starts_with("\r\n") ? 2 : 1));
  }
}

}  // namespace

void append_sse_event(std::string& out, const SseEvent& event) {
  append_field(out, "event", event.event);
  append_field(out, "id", event.id);
  append_lines(out, "data: ", event.data);
  out += '\n';
}

std::string sse_event(const SseEvent& event) {
  std::string out;
  append_sse_event(out, event);
  return out;
}

std::string sse_comment(std::string_view text) {
  std::string out;
  append_lines(out, ": ", text);
  out += '\n';
  return out;
}

Response sse_head() {
  return {.status = 200,
          .headers = {{"Content-Type", "text/event-stream"},
                      {"Cache-Control", "no-cache"},
                      {"X-Accel-Buffering", "no"}}};
}

StreamOptions sse_options() {
  return {.keep_alive = std::string(kSseKeepAlive)};
}

}  // namespace bise::http
