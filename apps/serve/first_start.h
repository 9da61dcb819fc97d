#pragma once

#include <string>

#include "base/result.h"
#include "store/store.h"

namespace bise {

// What a data folder has from its first start on: an owner, and a key of theirs in the file `key`
// (readable by its owner alone). A file that is gone gets a new key.
Result<store::User> make_owner(store::Store& store, const std::string& folder);

// Writes a secret into a file that nobody else can read. Errors: io.
Result<void> write_secret_file(const std::string& path, const std::string& secret);

// A key with every scope. Returns the secret, which is nowhere else.
Result<std::string> add_key(store::Store& store, std::int64_t user_id, const std::string& name);

}  // namespace bise
