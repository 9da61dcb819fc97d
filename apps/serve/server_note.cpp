#include "apps/serve/server_note.h"

#include <signal.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "api/body.h"
#include "apps/whole_file.h"
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
                                  {"bound", note.bound},
                                  {"port", note.port},
                                  {"tls", note.tls}});
  return write_whole_file(path_in(folder), write_json(json) + "\n");
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
  const ServerNote note = {.pid = static_cast<int>(api::integer(*json, "pid").value_or(0)),
                           .address = api::text(*json, "address"),
                           .host = api::text(*json, "host"),
                           .bound = api::text(*json, "bound"),
                           .port = static_cast<int>(api::integer(*json, "port").value_or(0)),
                           .tls = api::flag(*json, "tls", false)};
  // One that was killed leaves its note.
  if (note.pid <= 0 || (::kill(note.pid, 0) != 0 && errno == ESRCH)) return std::nullopt;
  return note;
}

}  // namespace bise
