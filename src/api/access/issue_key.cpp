#include "api/access/issue_key.h"

#include "api/access/secrets.h"

namespace bise::api {
namespace {

constexpr std::size_t kHintLetters = 9;

}  // namespace

Result<IssuedKey> issue_key(store::Store& store, store::NewKey kind) {
  std::string secret = "bise_" + random_secret();
  kind.digest = digest_of(secret);
  kind.hint = secret.substr(0, kHintLetters);
  store::Key key = TRY(store.add_key(kind));
  return IssuedKey{std::move(secret), std::move(key)};
}

}  // namespace bise::api
