#pragma once

#include <memory>
#include <string>

#include "store/store.h"

namespace bise::store {

enum class Opening {
  server,   // alone in its folder for as long as it is open
  visitor,  // a command beside a server that may run: takes no lock once the store is up to date
};

// The store in this folder (made, for its owner alone, if it is not there): SQLite in bise.db.
// Errors say what to do: another server has the folder (with its process id), the file is damaged,
// is no store of ours, or was written by a newer version, the disk is full or not writable.
Result<std::unique_ptr<Store>> open_store(const std::string& folder, Opening opening,
                                          Clock clock = system_time_ms);

// For tests, and for a server that shall leave nothing behind.
std::unique_ptr<Store> memory_store(Clock clock = system_time_ms);

}  // namespace bise::store
