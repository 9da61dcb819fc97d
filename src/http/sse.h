#pragma once

#include <string>
#include <string_view>

#include "http/exchange.h"

namespace bise::http {

// Server-sent events, as WHATWG HTML writes them.
struct SseEvent {
  std::string_view data = {};   // each line becomes a "data:" line of its own
  std::string_view event = {};  // the type; empty: none. Line breaks and NUL in it are left out
  std::string_view id = {};     // as above
};

void append_sse_event(std::string& out, const SseEvent& event);
std::string sse_event(const SseEvent& event);
// ": text"; clients ignore it.
std::string sse_comment(std::string_view text);

inline constexpr std::string_view kSseKeepAlive = ": keep-alive\n\n";

// 200 with the fields of an event stream (no caching, no buffering by proxies).
Response sse_head();
// Buffer as by default, a comment after 15 s of silence.
StreamOptions sse_options();

}  // namespace bise::http
