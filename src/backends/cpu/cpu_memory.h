#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

#include "backends/backend.h"
#include "base/result.h"

namespace bise::cpu {

// Zeroed memory of its own mapping, aligned to pages; touched lazily by the system.
class MappedMemory {
 public:
  // Errors: out_of_memory.
  static Result<MappedMemory> allocate(std::size_t bytes);

  // Asks for large pages, which are touched whole: for memory that is used in large parts.
  void prefer_large_pages();

  MappedMemory() = default;
  MappedMemory(MappedMemory&& other) noexcept;
  MappedMemory& operator=(MappedMemory&& other) noexcept;
  ~MappedMemory();

  std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// Scratch that grows and is reused; what it held is lost when it grows.
template <class T>
class Scratch {
 public:
  // At least `count` elements, aligned to 64 bytes.
  T* get(std::size_t count) {
    if (count > capacity_) {
      storage_.reset(static_cast<T*>(::operator new[](count * sizeof(T), std::align_val_t(64))));
      capacity_ = count;
    }
    return storage_.get();
  }

 private:
  struct Free {
    void operator()(T* data) const { ::operator delete[](data, std::align_val_t(64)); }
  };
  std::unique_ptr<T[], Free> storage_;
  std::size_t capacity_ = 0;
};

class CpuBuffer final : public Buffer {
 public:
  explicit CpuBuffer(MappedMemory memory) : memory_(std::move(memory)) {}
  void* data() override { return memory_.data(); }

 private:
  MappedMemory memory_;
};

}  // namespace bise::cpu
