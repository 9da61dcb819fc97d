#pragma once

#include <any>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"

namespace bise::http {

using NamedValue = std::pair<std::string, std::string>;

// tchar of RFC 9110 section 5.6.2: what words like methods and names of fields are made of.
bool is_token_char(char c);

// Header fields in the order they came; names compare without regard to case.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<NamedValue> fields) : fields_(fields) {}

  void add(std::string name, std::string value);
  // Replaces all fields of that name by one.
  void set(std::string name, std::string value);
  bool contains(std::string_view name) const { return find(name) != nullptr; }
  // The first value of that name, or null.
  const std::string* find(std::string_view name) const;
  // The first value, or nothing at all: "".
  std::string_view get(std::string_view name) const;
  // Whether a comma-separated list (of all fields of that name) holds the word.
  bool lists(std::string_view name, std::string_view word) const;

  const std::vector<NamedValue>& all() const { return fields_; }

 private:
  std::vector<NamedValue> fields_;
};

// A request as it reaches the gate (without body) and the handler. Everything in it has been
// checked for form; nothing in it is to be believed.
struct Request {
  std::string method;             // "GET"; letters as sent
  std::string target;             // as sent: path and query, with escapes
  std::string path;               // decoded; valid UTF-8, no control characters, no "." or ".."
  std::vector<NamedValue> query;  // decoded, in order
  std::string host;               // "example.org:8080": of an absolute target, else the Host field
  Headers headers;
  std::string body;

  std::vector<NamedValue> path_values;  // what {name} in the route's pattern stands for
  std::string peer_address;             // "127.0.0.1", "::1"; "unix" for a Unix socket
  std::uint16_t peer_port = 0;
  bool over_tls = false;
  std::string id;  // one for each request, ours; also in the fields of ServerOptions::id_headers

  // For the gate: what it found out (who asks), for the handler; and fields that go with whatever
  // is answered, errors of the server included (CORS and the like).
  std::any identity;
  Headers answer_headers;

  // The first value of that name in the query, or null.
  const std::string* query_value(std::string_view name) const;
  // The value of {name}; the route must have it.
  const std::string& path_value(std::string_view name) const;
};

// An answer. Content-Length, Connection, Date and the id fields are the server's to write; control
// characters in names and values become spaces.
struct Response {
  int status = 200;
  Headers headers = {};
  std::string body = {};
  std::string_view fixed_body =
      {};  // sent instead of `body` when not empty; must outlive the server
};

Response text_response(int status, std::string text);  // text/plain, in UTF-8

// "Not Found"
std::string_view status_words(int status);

}  // namespace bise::http
