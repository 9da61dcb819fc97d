#include "apps/serve/first_start.h"

#include <unistd.h>

#include <cstdlib>

#include "api/access/issue_key.h"
#include "api/access/principal.h"
#include "apps/whole_file.h"

namespace bise {

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
    store::NewKey kind;
    kind.user_id = owner.id;
    kind.name = "the file key";
    kind.scopes = api::Scopes::all().bits();
    const api::IssuedKey issued = TRY(api::issue_key(store, std::move(kind)));
    TRY(write_whole_file(path, issued.secret + "\n"));
  }
  return owner;
}

}  // namespace bise
