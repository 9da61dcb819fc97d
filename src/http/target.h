#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace bise::http {

// Fills path, query and (of an absolute target) host of a request from its method and target
// (RFC 9112 section 3.2). An error is invalid_argument, a sentence for the client.
Result<void> read_target(Request& request);

// Whether the text may stand in a Host field: a name, an IPv4 address or a bracketed IPv6 one, and
// perhaps a port. Not empty.
bool is_authority(std::string_view text);

}  // namespace bise::http
