#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace bise {

// What a running server leaves in its data folder (`server.json`) for the verbs beside it.
struct ServerNote {
  int pid = 0;
  std::string address;  // where links lead: "http://127.0.0.1:8080", with the public URL's path
  std::string host;     // where this machine reaches it
  std::string bound;    // the address it listens at
  int port = 0;
  bool tls = false;
};

Result<void> write_server_note(const std::string& folder, const ServerNote& note);
void remove_server_note(const std::string& folder);
// Nothing where no server runs.
std::optional<ServerNote> read_server_note(const std::string& folder);

}  // namespace bise
