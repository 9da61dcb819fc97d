#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "backends/backend.h"
#include "backends/cpu/cpu_memory.h"
#include "base/result.h"

namespace bise::cpu {

// Pages as kv_page.h lays them out.
class CpuKvStorage final : public KvStorage {
 public:
  static Result<std::unique_ptr<KvStorage>> allocate(const KvShape& shape, int page_count);

  const KvShape& shape() const override { return shape_; }
  int page_count() const override { return page_count_; }
  void copy_page(PageId from, PageId to) override;

  std::byte* key_block(PageId page, int layer, int kv_head) const;
  std::byte* value_block(PageId page, int layer, int kv_head) const;

 private:
  CpuKvStorage(const KvShape& shape, int page_count, MappedMemory memory)
      : shape_(shape), page_count_(page_count), memory_(std::move(memory)) {}

  KvShape shape_;
  int page_count_;
  MappedMemory memory_;
};

// Rotated keys and values of `count` neighbouring slots of one KV head, float32 rows of `stride`,
// into its blocks.
struct StoreTask {
  KvElement element;
  int head_dim;
  int first_slot;
  int count;
  const float* keys;
  const float* values;
  std::int64_t stride;
  std::byte* key_block;
  std::byte* value_block;
};
void store_slots(const StoreTask& task);

}  // namespace bise::cpu
