#pragma once

#include <cstddef>
#include <cstdint>

#include "backends/backend.h"

namespace bise::cpu {

// How a page lies in memory. For each layer, for each KV head: a key block, then a value block.
//
// Key block: channel-major, so that one load takes neighbouring positions of one channel:
//   element keys[head_dim][kPageSlots]; for q8 then Half scales[groups][kPageSlots].
// Value block: position-major, so that one load takes neighbouring channels of one position:
//   element values[kPageSlots][value_stride]; for q8 then Half scales[kPageSlots][groups].
// groups = head_dim / 32 rounded up; value_stride = head_dim rounded up to 16, the padding zero.
// Both blocks are padded to 64 bytes.
constexpr int kQ8Group = 32;

constexpr int q8_groups(int head_dim) {
  return (head_dim + kQ8Group - 1) / kQ8Group;
}
constexpr int value_stride(int head_dim) {
  return (head_dim + 15) / 16 * 16;
}

constexpr std::size_t kv_element_bytes(KvElement element) {
  return element == KvElement::f32 ? 4 : element == KvElement::q8 ? 1 : 2;
}

constexpr std::size_t pad_to_line(std::size_t bytes) {
  return (bytes + 63) / 64 * 64;
}

constexpr std::size_t q8_scale_bytes(KvElement element, int head_dim) {
  return element == KvElement::q8 ? static_cast<std::size_t>(q8_groups(head_dim)) * kPageSlots * 2
                                  : 0;
}

constexpr std::size_t key_block_bytes(KvElement element, int head_dim) {
  return pad_to_line(static_cast<std::size_t>(head_dim) * kPageSlots * kv_element_bytes(element) +
                     q8_scale_bytes(element, head_dim));
}

constexpr std::size_t value_block_bytes(KvElement element, int head_dim) {
  return pad_to_line(static_cast<std::size_t>(value_stride(head_dim)) * kPageSlots *
                         kv_element_bytes(element) +
                     q8_scale_bytes(element, head_dim));
}

constexpr std::size_t head_bytes(const KvShape& shape) {
  return key_block_bytes(shape.element, shape.head_dim) +
         value_block_bytes(shape.element, shape.head_dim);
}

}  // namespace bise::cpu
