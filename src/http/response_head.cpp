#include "http/response_head.h"

#include <algorithm>
#include <ctime>

#include "base/text.h"

namespace bise::http {
namespace {

void append_clean(std::string& out, std::string_view text) {
  for (const char c : text) {
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    out += control ? ' ' : c;
  }
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  append_clean(out, name);
  out += ": ";
  append_clean(out, value);
  out += "\r\n";
}

bool is_the_servers(std::string_view name) {
  constexpr std::string_view kNames[] = {"Content-Length", "Transfer-Encoding", "Connection",
                                         "Date", "Keep-Alive"};
  return std::any_of(std::begin(kNames), std::end(kNames),
                     [&](std::string_view ours) { return equal_without_case(ours, name); });
}

// "Sun, 06 Nov 1994 08:49:37 GMT", made once a second.
std::string_view date() {
  thread_local std::time_t shown = 0;
  thread_local char text[32] = {};
  const std::time_t now = std::time(nullptr);
  if (now != shown) {
    shown = now;
    std::tm parts = {};
    ::gmtime_r(&now, &parts);
    std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  }
  return text;
}

}  // namespace

bool has_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

std::string response_head(const Response& response, const HeadFields& fields) {
  std::string out;
  out.reserve(512);
  out += concat("HTTP/1.1 ", response.status, " ", status_words(response.status), "\r\n");
  for (const NamedValue& field : response.headers.all()) {
    if (!is_the_servers(field.first)) append_field(out, field.first, field.second);
  }
  for (const NamedValue& field : fields.request.answer_headers.all()) {
    if (!is_the_servers(field.first) && !response.headers.contains(field.first)) {
      append_field(out, field.first, field.second);
    }
  }
  for (const std::string& name : fields.id_headers) append_field(out, name, fields.request.id);
  append_field(out, "Date", date());
  if (fields.framing == Framing::length) {
    append_field(out, "Content-Length", concat(fields.body_bytes));
  } else if (fields.framing == Framing::chunked) {
    append_field(out, "Transfer-Encoding", "chunked");
  }
  if (!fields.keep_alive)
    append_field(out, "Connection", "close");
  else if (fields.minor_version == 0)
    append_field(out, "Connection", "keep-alive");
  out += "\r\n";
  return out;
}

}  // namespace bise::http
