#pragma once

#include <string>

#include "base/result.h"
#include "store/store.h"

namespace bise::api {

struct IssuedKey {
  std::string secret;  // to be shown once: it is nowhere else
  store::Key key;
};

// Stores a new key of that kind; its digest and hint are filled in.
Result<IssuedKey> issue_key(store::Store& store, store::NewKey kind);

}  // namespace bise::api
