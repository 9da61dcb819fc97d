#pragma once

#include <optional>
#include <string>

#include "http/message.h"

namespace bise::http {

// How the length of an answer's body is told.
enum class Framing {
  none,        // the status has no body (204, 304)
  length,      // Content-Length
  chunked,     // Transfer-Encoding: chunked
  to_the_end,  // of the connection (HTTP/1.0)
};

bool has_body(int status);

struct HeadFields {
  Framing framing;
  std::size_t body_bytes;  // for Framing::length
  bool keep_alive;
  int minor_version;  // of the request
  const std::vector<std::string>& id_headers;
  const Request& request;  // its id, and answer_headers
};

// Status line, fields and the empty line. Fields of the response that are the server's to write
// are left out; control characters become spaces.
std::string response_head(const Response& response, const HeadFields& fields);

}  // namespace bise::http
