#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace bise {

// What was typed before, oldest first; kept in a file, an entry a line as a JSON string.
class History {
 public:
  // Reads the file if there is one; lines that are no JSON strings are passed over. An empty path
  // keeps nothing.
  explicit History(std::string path);

  const std::vector<std::string>& entries() const { return entries_; }

  // Appends to list and file, unless it equals the last one or is empty. Errors: io.
  Result<void> add(const std::string& entry);

 private:
  std::string path_;
  std::vector<std::string> entries_;
};

}  // namespace bise
