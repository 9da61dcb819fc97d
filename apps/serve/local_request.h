#pragma once

#include <string>

#include "apps/serve/server_note.h"
#include "base/result.h"

namespace bise {

// What the server of this machine answers to GET `path` with that key: the body of a 200. Errors in
// words.
Result<std::string> get_from_server(const ServerNote& note, const std::string& path,
                                    const std::string& key);

}  // namespace bise
