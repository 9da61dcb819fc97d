#include "http/target.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "base/utf8.h"

namespace bise::http {
namespace {

Error bad(std::string message) {
  return {ErrorCode::invalid_argument, std::move(message)};
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

enum class Plus { is_plus, is_space };

// The text with its escapes resolved; nothing if one is broken.
std::optional<std::string> unescaped(std::string_view text, Plus plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == Plus::is_space) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

// A segment is decoded by itself, so that an escaped slash cannot become a border.
Result<std::string> read_segment(std::string_view raw) {
  std::optional<std::string> segment = unescaped(raw, Plus::is_plus);
  if (!segment) return bad("the path holds a % that two hexadecimal digits do not follow");
  if (*segment == "." || *segment == "..") {
    return bad("the path holds a segment '.' or '..'; send the path itself");
  }
  for (const char c : *segment) {
    if (c == '/' || c == '\\') return bad("the path holds an escaped slash or a backslash");
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return bad("the path holds a control character");
    }
  }
  if (!is_valid_utf8(*segment)) return bad("the path is not UTF-8");
  return std::move(*segment);
}

Result<std::string> read_path(std::string_view raw) {
  std::string path;
  while (!raw.empty()) {
    raw.remove_prefix(1);  // the slash
    const auto end = std::min(raw.find('/'), raw.size());
    path += '/';
    path += TRY(read_segment(raw.substr(0, end)));
    raw.remove_prefix(end);
  }
  return path;
}

Result<std::vector<NamedValue>> read_query(std::string_view raw) {
  std::vector<NamedValue> query;
  while (!raw.empty()) {
    const auto end = std::min(raw.find('&'), raw.size());
    const std::string_view pair = raw.substr(0, end);
    raw.remove_prefix(std::min(end + 1, raw.size()));
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    auto name = unescaped(pair.substr(0, equals), Plus::is_space);
    auto value = unescaped(pair.substr(std::min(equals + 1, pair.size())), Plus::is_space);
    if (!name || !value) {
      return bad("the query holds a % that two hexadecimal digits do not follow");
    }
    for (const std::string* text : {&*name, &*value}) {
      if (text->find('\0') != std::string::npos) return bad("the query holds a NUL");
      if (!is_valid_utf8(*text)) return bad("the query is not UTF-8");
    }
    query.emplace_back(std::move(*name), std::move(*value));
  }
  return query;
}

// "http://host:port/path" to its path; the authority goes into `host`.
Result<std::string_view> strip_authority(std::string_view target, std::string& host) {
  const auto scheme = target.find("://");
  if (scheme == std::string_view::npos ||
      !(equal_without_case(target.substr(0, scheme), "http") ||
        equal_without_case(target.substr(0, scheme), "https"))) {
    return bad("the request target has to begin with a slash or with http://");
  }
  target.remove_prefix(scheme + 3);
  const auto end = std::min(target.find_first_of("/?"), target.size());
  if (!is_authority(target.substr(0, end))) return bad("the host in the request target is no host");
  host = target.substr(0, end);
  return target.substr(end);
}

}  // namespace

bool is_authority(std::string_view text) {
  std::string_view port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos || end < 3) return false;
    const std::string_view address = text.substr(1, end - 1);
    if (!std::all_of(address.begin(), address.end(),
                     [](char c) { return hex_value(c) >= 0 || c == ':' || c == '.'; })) {
      return false;
    }
    port = text.substr(end + 1);
  } else {
    const auto end = std::min(text.find(':'), text.size());
    const std::string_view name = text.substr(0, end);
    if (name.empty() || !std::all_of(name.begin(), name.end(), [](char c) {
          return is_letter_or_digit(c) || c == '-' || c == '.' || c == '_';
        })) {
      return false;
    }
    port = text.substr(end);
  }
  if (port.empty()) return true;
  if (port.front() != ':' || port.size() > 6) return false;
  port.remove_prefix(1);
  return std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Result<void> read_target(Request& request) {
  std::string_view target = request.target;
  if (target.empty()) return bad("the request has no target");
  if (!std::all_of(target.begin(), target.end(), [](char c) { return c > 0x20 && c < 0x7f; })) {
    return bad("the request target holds a character that has to be escaped");
  }
  if (target.find('#') != std::string_view::npos) {
    return bad("the request target holds a '#', which is no part of it");
  }
  if (target == "*" && request.method == "OPTIONS") {
    request.path.push_back('*');
    return {};
  }
  if (request.method == "CONNECT") return bad("this is no proxy: CONNECT is not served");
  if (target.front() != '/') target = TRY(strip_authority(target, request.host));
  const auto question = std::min(target.find('?'), target.size());
  request.path = TRY(read_path(target.substr(0, question)));
  if (request.path.empty()) request.path.push_back('/');
  if (question < target.size()) request.query = TRY(read_query(target.substr(question + 1)));
  return {};
}

}  // namespace bise::http
