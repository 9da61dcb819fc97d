#include "apps/serve/server_note.h"

#include <signal.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/json.h"
#include "base/text.h"

namespace bise {
namespace {

std::string path_in(const std::string& folder) {
  return folder + "/server.json";
}

}  // namespace

Result<void> write_server_note(const std::string& folder, const ServerNote& note) {
  const Json json = Json::object({{"pid", note.pid},
                                  {"address", note.address},
                                  {"host", note.host},
                                  {"port", note.port},
                                  {"tls", note.tls}});
  std::ofstream file(path_in(folder), std::ios::trunc);
  file << write_json(json) << "\n";
  file.close();
  if (file) return {};
  return Error{ErrorCode::io,
               concat(quoted(path_in(folder), 400), " cannot be written: ", std::strerror(errno))};
}

void remove_server_note(const std::string& folder) {
  std::remove(path_in(folder).c_str());
}

std::optional<ServerNote> read_server_note(const std::string& folder) {
  std::ifstream file(path_in(folder));
  std::ostringstream text;
  text << file.rdbuf();
  const Result<Json> json = read_json(text.str());
  if (!json.ok() || !json->is_object()) return std::nullopt;
  const auto word = [&](const char* name) {
    const Json* value = json->find(name);
    return value != nullptr && value->is_string() ? value->as_string() : std::string();
  };
  const auto number = [&](const char* name) {
    const Json* value = json->find(name);
    const auto integer = value == nullptr ? std::nullopt : value->to_int64();
    return static_cast<int>(integer.value_or(0));
  };
  const Json* tls = json->find("tls");
  ServerNote note = {.pid = number("pid"),
                     .address = word("address"),
                     .host = word("host"),
                     .port = number("port"),
                     .tls = tls != nullptr && tls->is_bool() && tls->as_bool()};
  // One that was killed leaves its note.
  if (note.pid <= 0 || (::kill(note.pid, 0) != 0 && errno == ESRCH)) return std::nullopt;
  return note;
}

}  // namespace bise
