#include "backends/cpu/cpu_memory.h"

#include <sys/mman.h>

#include <utility>

#include "base/text.h"

namespace bise::cpu {

Result<MappedMemory> MappedMemory::allocate(std::size_t bytes) {
  MappedMemory memory;
  if (bytes == 0) return memory;
  void* data = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data == MAP_FAILED) {
    return Error{ErrorCode::out_of_memory,
                 concat("the system has no room for ", bytes >> 20, " MiB more")};
  }
  memory.data_ = static_cast<std::byte*>(data);
  memory.size_ = bytes;
  return memory;
}

void MappedMemory::prefer_large_pages() {
  // A system without them says no, which changes nothing.
  if (data_ != nullptr) (void)::madvise(data_, size_, MADV_HUGEPAGE);
}

MappedMemory::MappedMemory(MappedMemory&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedMemory& MappedMemory::operator=(MappedMemory&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedMemory::~MappedMemory() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

}  // namespace bise::cpu
