#pragma once

#include <string>

#include "base/result.h"
#include "store/store.h"

namespace bise {

// What a data folder has from its first start on: an owner, and a key of theirs in the file `key`
// (readable by its owner alone). A file that is gone gets a new key.
Result<store::User> make_owner(store::Store& store, const std::string& folder);

}  // namespace bise
