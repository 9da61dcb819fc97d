#include "apps/serve/first_start.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "api/access/principal.h"
#include "api/access/secrets.h"
#include "base/text.h"

namespace bise {

Result<void> write_secret_file(const std::string& path, const std::string& secret) {
  const std::string text = secret + "\n";
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const bool is_written =
      file >= 0 && ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      ::fsync(file) == 0;
  const int reason = errno;
  if (file >= 0) ::close(file);
  if (is_written) return {};
  if (file >= 0) ::unlink(path.c_str());
  return Error{ErrorCode::io, concat("the first key cannot be written to ", quoted(path, 400), ": ",
                                     std::strerror(reason))};
}

Result<std::string> add_key(store::Store& store, std::int64_t user_id, const std::string& name) {
  const std::string secret = api::new_api_key();
  TRY(store.add_key({.user_id = user_id,
                     .digest = api::digest_of(secret),
                     .name = name,
                     .hint = api::key_hint(secret),
                     .scopes = api::Scopes::all().bits()}));
  return secret;
}

Result<store::User> make_owner(store::Store& store, const std::string& folder) {
  const std::vector<store::User> users = TRY(store.users());
  store::User owner;
  if (users.empty()) {
    const char* name = std::getenv("USER");
    owner = TRY(store.add_user(name != nullptr && *name != '\0' ? name : "owner"));
  } else {
    owner = users.front();
  }
  const std::string path = folder + "/key";
  if (::access(path.c_str(), F_OK) != 0) {
    TRY(write_secret_file(path, TRY(add_key(store, owner.id, "the file key"))));
  }
  return owner;
}

}  // namespace bise
