#include "backends/cpu/cpu_kv.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "backends/cpu/kv_page.h"
#include "base/check.h"
#include "tensor/convert.h"

namespace bise {

std::size_t kv_page_bytes(const KvShape& shape) {
  return cpu::head_bytes(shape) * static_cast<std::size_t>(shape.layer_count) *
         static_cast<std::size_t>(shape.kv_heads);
}

namespace cpu {

Result<std::unique_ptr<KvStorage>> CpuKvStorage::allocate(const KvShape& shape, int page_count) {
  MappedMemory memory =
      TRY(MappedMemory::allocate(kv_page_bytes(shape) * static_cast<std::size_t>(page_count)));
  memory.prefer_large_pages();
  return std::unique_ptr<KvStorage>(new CpuKvStorage(shape, page_count, std::move(memory)));
}

void CpuKvStorage::copy_page(PageId from, PageId to) {
  const std::size_t bytes = kv_page_bytes(shape_);
  std::memcpy(memory_.data() + static_cast<std::size_t>(to) * bytes,
              memory_.data() + static_cast<std::size_t>(from) * bytes, bytes);
}

std::byte* CpuKvStorage::key_block(PageId page, int layer, int kv_head) const {
  DCHECK(page >= 0 && page < page_count_);
  const auto heads = static_cast<std::size_t>(shape_.kv_heads);
  const std::size_t index =
      (static_cast<std::size_t>(page) * static_cast<std::size_t>(shape_.layer_count) +
       static_cast<std::size_t>(layer)) *
          heads +
      static_cast<std::size_t>(kv_head);
  return memory_.data() + index * head_bytes(shape_);
}

std::byte* CpuKvStorage::value_block(PageId page, int layer, int kv_head) const {
  return key_block(page, layer, kv_head) + key_block_bytes(shape_.element, shape_.head_dim);
}

namespace {

template <class Element, class Convert>
void store_plain(const StoreTask& task, const Convert& convert) {
  auto* keys = reinterpret_cast<Element*>(task.key_block);
  auto* values = reinterpret_cast<Element*>(task.value_block);
  for (int channel = 0; channel < task.head_dim; ++channel) {
    Element* row = keys + channel * kPageSlots + task.first_slot;
    for (int i = 0; i < task.count; ++i) row[i] = convert(task.keys[i * task.stride + channel]);
  }
  for (int i = 0; i < task.count; ++i) {
    Element* row = values + (task.first_slot + i) * value_stride(task.head_dim);
    for (int c = 0; c < task.head_dim; ++c) row[c] = convert(task.values[i * task.stride + c]);
  }
}

// The scale of a group and what to divide by; the scale is rounded to f16 first, so that rounding
// it costs no bias.
struct GroupScale {
  std::uint16_t half;
  float inverse;
};

GroupScale group_scale(const float* channels, int count) {
  float largest = 0;
  for (int c = 0; c < count; ++c) largest = std::max(largest, std::fabs(channels[c]));
  const std::uint16_t half = float_to_half(largest / 127);
  const float scale = half_to_float(half);
  return {half, scale > 0 ? 1 / scale : 0};
}

std::int8_t to_int8(float scaled) {
  return static_cast<std::int8_t>(std::clamp(std::nearbyint(scaled), -127.0f, 127.0f));
}

void store_q8(const StoreTask& task) {
  const int groups = q8_groups(task.head_dim);
  const int stride = value_stride(task.head_dim);
  auto* keys = reinterpret_cast<std::int8_t*>(task.key_block);
  auto* key_scales = reinterpret_cast<std::uint16_t*>(
      task.key_block + static_cast<std::size_t>(task.head_dim) * kPageSlots);
  auto* values = reinterpret_cast<std::int8_t*>(task.value_block);
  auto* value_scales = reinterpret_cast<std::uint16_t*>(
      task.value_block + static_cast<std::size_t>(stride) * kPageSlots);
  for (int i = 0; i < task.count; ++i) {
    const int slot = task.first_slot + i;
    for (int group = 0; group < groups; ++group) {
      const int first = group * kQ8Group;
      const int count = std::min(kQ8Group, task.head_dim - first);
      const float* key = task.keys + i * task.stride + first;
      const GroupScale key_scale = group_scale(key, count);
      key_scales[group * kPageSlots + slot] = key_scale.half;
      for (int c = 0; c < count; ++c) {
        keys[(first + c) * kPageSlots + slot] = to_int8(key[c] * key_scale.inverse);
      }
      const float* value = task.values + i * task.stride + first;
      const GroupScale scale = group_scale(value, count);
      value_scales[slot * groups + group] = scale.half;
      for (int c = 0; c < count; ++c) {
        values[slot * stride + first + c] = to_int8(value[c] * scale.inverse);
      }
    }
  }
}

}  // namespace

void store_slots(const StoreTask& task) {
  switch (task.element) {
    case KvElement::f32:
      return store_plain<float>(task, [](float value) { return value; });
    case KvElement::f16:
      return store_plain<std::uint16_t>(task, [](float value) { return float_to_half(value); });
    case KvElement::bf16:
      return store_plain<std::uint16_t>(task, [](float value) { return float_to_bf16(value); });
    case KvElement::q8:
      return store_q8(task);
  }
}

}  // namespace cpu
}  // namespace bise
