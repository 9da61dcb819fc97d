#pragma once

#include <string>

#include "base/result.h"

namespace bise::store {

// A folder that one process has for itself, for as long as this lives and the process does.
class FolderLock {
 public:
  // Makes the folder (for its owner alone) if it is not there. Errors: overloaded, naming the
  // process that has it; io.
  static Result<FolderLock> take(const std::string& folder);
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&& other) noexcept;
  ~FolderLock();

 private:
  explicit FolderLock(int file) : file_(file) {}
  int file_;
};

}  // namespace bise::store
