#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"

namespace bise {

// A file's bytes, memory-mapped read-only and shared between processes. Move-only; unmapped at the
// end of its life. An empty file is an empty span.
//
// A file that shrinks while it is mapped raises SIGBUS on access. The first map installs a handler
// that says which file it was and ends the process with exit code 2.
class MappedFile {
 public:
  // Errors: not_found or io with the path and the system's words; not_supported for a folder or a
  // device; out_of_memory when the process may not use so much address space.
  static Result<MappedFile> open(const std::string& path);

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  const std::string& path() const { return path_; }

 private:
  MappedFile() = default;

  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::string path_;
};

// The whole of a small file as text. Errors as above, and corrupt_file beyond `bytes_max`.
Result<std::string> read_text_file(const std::string& path, std::size_t bytes_max);

}  // namespace bise
