#include "apps/serve/server_check.h"

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <system_error>

#include "apps/serve/local_request.h"
#include "apps/serve/server_note.h"
#include "apps/units.h"
#include "base/text.h"
#include "store/open_store.h"

namespace bise {
namespace {

// Chats are small; what fills up first is another program's.
constexpr std::uint64_t kFreeBytesMin = std::uint64_t{512} << 20;

bool is_loopback(const std::string& host) {
  return host.starts_with("127.") || host == "localhost" || host == "::1";
}

void check_process(const ServerNote& note, std::vector<ServerFinding>& out) {
  const std::string who = concat(note.address, ", process ", note.pid);
  if (note.tls) {
    out.push_back({"server", true, concat(who, " (over TLS: ask it with curl)")});
  } else if (const auto ready = get_from_server(note, "/ready", ""); ready.ok()) {
    out.push_back({"server", true, concat(who, ", ready")});
  } else {
    out.push_back({"server", false, concat(who, ": ", ready.error().message)});
  }
  if (note.bound.empty() || is_loopback(note.bound)) return;
  if (note.tls) {
    out.push_back({"network", true, concat("other machines reach it at ", note.bound)});
  } else {
    out.push_back({"network", false,
                   concat("other machines reach it at ", note.bound,
                          " without TLS, so keys and chats can be read on the way; use --tls-cert "
                          "and --tls-key, or a proxy that speaks TLS")});
  }
}

void check_store(const std::string& folder, std::vector<ServerFinding>& out) {
  const std::string path = folder + "/bise.db";
  std::error_code error;
  const std::uintmax_t bytes = std::filesystem::file_size(path, error);
  if (error) {
    out.push_back({"store", true, "none yet; the first start of bise serve makes it"});
    return;
  }
  const auto store = store::open_store(folder, store::Opening::visitor);
  const auto users = store.ok() ? (*store)->users() : store.error();
  if (users.ok()) {
    out.push_back(
        {"store", true, concat(path, ", ", byte_text(bytes), ", users: ", users->size())});
  } else {
    out.push_back({"store", false, users.error().message});
  }
}

void check_secret(const std::string& path, std::vector<ServerFinding>& out) {
  struct stat found = {};
  if (::stat(path.c_str(), &found) != 0 || (found.st_mode & 077) == 0) return;
  out.push_back({"secrets", false,
                 concat(quoted(path, 400), " is open to other users of this machine: chmod 600 ",
                        quoted(path, 400))});
}

void check_disk(const std::string& folder, std::vector<ServerFinding>& out) {
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(folder, error);
  if (error || space.available >= kFreeBytesMin) return;
  out.push_back({"disk", false,
                 concat("only ", byte_text(space.available), " free at ", quoted(folder, 400),
                        ": chats are not kept once it is full; make room")});
}

}  // namespace

std::vector<ServerFinding> check_server(const std::string& folder) {
  std::vector<ServerFinding> out;
  if (const std::optional<ServerNote> note = read_server_note(folder)) {
    check_process(*note, out);
  } else {
    out.push_back({"server", true, "none runs on this data folder (bise serve starts one)"});
  }
  check_store(folder, out);
  for (const char* name : {"/key", "/bise.db"}) check_secret(folder + name, out);
  check_disk(folder, out);
  return out;
}

}  // namespace bise
