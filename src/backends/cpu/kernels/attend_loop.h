#pragma once

#include "backends/cpu/kernel_table.h"
#include "backends/cpu/kernels/intrinsics.h"
#include "backends/cpu/kv_page.h"

// Attention over one page, for any width of vectors: an instruction set's attend.cpp includes its
// vector.h, then this, and so has a copy of its own.
//
// Every row's sums have one order, whatever its company: a score adds channels in order, an output
// adds slots in order, one fused step each. Tiles only choose which of them run side by side.

namespace bise::cpu {
namespace {

constexpr int kRowsMax = 4;

// Rows that each see something of the page, worked on together.
struct RowBlock {
  int count = 0;
  int row[kRowsMax];
  int begin[kRowsMax], end[kRowsMax];
  const float* query[kRowsMax];
  float* out[kRowsMax];
  // What the memory should be asked for meanwhile: the values during the keys' turn, the next
  // page's keys during the values'. Where there is nothing to ask for, what is at hand.
  const std::byte* during_keys;
  const std::byte* during_values;
  // Scores of the page's slots, then their exponentials.
  alignas(64) float weights[kRowsMax][kPageSlots];
};

// The numbers of kv_page.h, again: an inline function shared with other files might be kept as it
// was compiled here.
constexpr int element_bytes(KvElement element) {
  return element == KvElement::f32 ? 4 : element == KvElement::q8 ? 1 : 2;
}

constexpr int padded_dim(int head_dim) {
  return (head_dim + 15) / 16 * 16;
}

static_assert(element_bytes(KvElement::f32) == kv_element_bytes(KvElement::f32));
static_assert(element_bytes(KvElement::f16) == kv_element_bytes(KvElement::f16));
static_assert(element_bytes(KvElement::q8) == kv_element_bytes(KvElement::q8));
static_assert(padded_dim(100) == value_stride(100));

// Asks for the cache lines of `bytes` bytes, to the level-2 cache: this page fills the level-1.
template <int bytes>
void prefetch(const std::byte* from) {
  for (int i = 0; i < bytes; i += 64) {
    _mm_prefetch(reinterpret_cast<const char*>(from + i), _MM_HINT_T1);
  }
}

// Numbers [index, index + lanes) of a block.
template <class Vector, KvElement element>
typename Vector::Floats load_numbers(const std::byte* block, int index) {
  const std::byte* from = block + index * element_bytes(element);
  if constexpr (element == KvElement::f32) {
    return Vector::load(reinterpret_cast<const float*>(from));
  } else if constexpr (element == KvElement::f16) {
    return Vector::load_f16(from);
  } else if constexpr (element == KvElement::bf16) {
    return Vector::load_bf16(from);
  } else {
    return Vector::load_int8(from);
  }
}

// Scores of kRows rows with kVectors vectors of slots. q8 sums a group of channels first and then
// adds it, times its scale.
template <class Vector, KvElement element, int kRows, int kVectors>
void score_tile(const AttendTask& task, RowBlock& block, int slot) {
  using Floats = typename Vector::Floats;
  constexpr bool kScaled = element == KvElement::q8;
  constexpr int kBytes = kVectors * Vector::kLanes * element_bytes(element);
  const int head_dim = task.head_dim;
  const int group = kScaled ? kQ8Group : head_dim;
  const std::byte* scales = task.keys + head_dim * kPageSlots;
  const std::byte* ahead = block.during_keys + slot * head_dim * element_bytes(element);
  for (int first = 0; first < head_dim; first += group) {
    const int last = first + group < head_dim ? first + group : head_dim;
    Floats sums[kRows][kVectors];
    for (int r = 0; r < kRows; ++r) {
      for (int v = 0; v < kVectors; ++v) sums[r][v] = Vector::zero();
    }
    for (int channel = first; channel < last; ++channel) {
      Floats keys[kVectors];
      for (int v = 0; v < kVectors; ++v) {
        keys[v] = load_numbers<Vector, element>(task.keys,
                                                channel * kPageSlots + slot + v * Vector::kLanes);
      }
      prefetch<kBytes>(ahead + channel * kBytes);
      for (int r = 0; r < kRows; ++r) {
        const Floats query = Vector::broadcast(block.query[r] + channel);
        for (int v = 0; v < kVectors; ++v) sums[r][v] = Vector::fma(query, keys[v], sums[r][v]);
      }
    }
    for (int v = 0; v < kVectors; ++v) {
      const int at = slot + v * Vector::kLanes;
      Floats scale;
      if constexpr (kScaled) {
        scale = load_numbers<Vector, KvElement::f16>(scales, first / kQ8Group * kPageSlots + at);
      }
      for (int r = 0; r < kRows; ++r) {
        float* score = block.weights[r] + at;
        if constexpr (kScaled) {
          const Floats before = first == 0 ? Vector::zero() : Vector::load(score);
          sums[r][v] = Vector::fma(scale, sums[r][v], before);
        }
        Vector::store(score, sums[r][v]);
      }
    }
  }
}

template <class Vector, KvElement element, int kRows, int kVectors>
void score_slots(const AttendTask& task, RowBlock& block, int slot, int end) {
  constexpr int kSlots = kVectors * Vector::kLanes;
  for (; end - slot >= kSlots; slot += kSlots) {
    score_tile<Vector, element, kRows, kVectors>(task, block, slot);
  }
  if constexpr (kVectors > 1) {
    score_slots<Vector, element, kRows, kVectors / 2>(task, block, slot, end);
  }
}

// Scores of whole vectors of slots that cover what any of the rows sees; lanes that a row does not
// see hold anything.
template <class Vector, KvElement element, int kRows>
void score_rows(const AttendTask& task, RowBlock& block) {
  int begin = block.begin[0], end = block.end[0];
  for (int r = 1; r < kRows; ++r) {
    begin = block.begin[r] < begin ? block.begin[r] : begin;
    end = block.end[r] > end ? block.end[r] : end;
  }
  begin = begin / Vector::kLanes * Vector::kLanes;
  end = (end + Vector::kLanes - 1) / Vector::kLanes * Vector::kLanes;
  score_slots<Vector, element, kRows, Vector::slot_vectors(kRows)>(task, block, begin, end);
}

template <class Vector>
void scale_row(float* row, int count, float factor) {
  for (int i = 0; i < count; i += Vector::kLanes) {
    Vector::store(row + i, Vector::mul(Vector::load(row + i), Vector::all(factor)));
  }
}

// Scores of one row to weights e^(score - maximum), its state moved to the new maximum.
template <class Vector>
void soften(const AttendTask& task, RowBlock& block, int r) {
  using Floats = typename Vector::Floats;
  const int begin = block.begin[r], end = block.end[r];
  const int first = begin / Vector::kLanes * Vector::kLanes;
  const int row = block.row[r];
  float* weights = block.weights[r];
  const float before = task.maximum[row];

  Floats largest = Vector::all(before);
  for (int slot = first; slot < end; slot += Vector::kLanes) {
    const Floats score =
        Vector::or_minus_infinity(Vector::load(weights + slot), begin - slot, end - slot);
    Vector::store(weights + slot, score);
    largest = Vector::max(largest, score);
  }
  const float maximum = Vector::largest(largest);
  Floats total = Vector::zero();
  for (int slot = first; slot < end; slot += Vector::kLanes) {
    const Floats weight =
        Vector::exp(Vector::sub(Vector::load(weights + slot), Vector::all(maximum)));
    Vector::store(weights + slot, weight);
    total = Vector::add(total, weight);
  }
  const float correction = Vector::first(Vector::exp(Vector::all(before - maximum)));
  if (correction != 1) scale_row<Vector>(block.out[r], padded_dim(task.head_dim), correction);
  task.maximum[row] = maximum;
  task.total[row] = task.total[row] * correction + Vector::sum(total);
}

// What to add to some rows' channels [channel, channel_end): slots [begin, end), weighted.
struct Addition {
  const std::byte* numbers;
  int stride;
  int channel, channel_end;
  int begin, end;
  const std::byte* ahead;
};

template <class Vector, KvElement element, int kRows, int kVectors>
void add_tile(const Addition& addition, const float* const* weights, float* const* outs,
              int channel) {
  using Floats = typename Vector::Floats;
  constexpr int kBytes = kVectors * Vector::kLanes * element_bytes(element);
  Floats sums[kRows][kVectors];
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) {
      sums[r][v] = Vector::load(outs[r] + channel + v * Vector::kLanes);
    }
  }
  const std::byte* ahead = addition.ahead + channel * kPageSlots * element_bytes(element);
  for (int slot = addition.begin; slot < addition.end; ++slot) {
    prefetch<kBytes>(ahead + slot * kBytes);
    Floats values[kVectors];
    for (int v = 0; v < kVectors; ++v) {
      values[v] = load_numbers<Vector, element>(
          addition.numbers, slot * addition.stride + channel + v * Vector::kLanes);
    }
    for (int r = 0; r < kRows; ++r) {
      const Floats weight = Vector::broadcast(weights[r] + slot);
      for (int v = 0; v < kVectors; ++v) sums[r][v] = Vector::fma(weight, values[v], sums[r][v]);
    }
  }
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) {
      Vector::store(outs[r] + channel + v * Vector::kLanes, sums[r][v]);
    }
  }
}

// Channels come in sixteens.
template <class Vector, KvElement element, int kRows, int kVectors>
void add_channels(const Addition& addition, const float* const* weights, float* const* outs,
                  int channel) {
  constexpr int kChannels = kVectors * Vector::kLanes;
  for (; addition.channel_end - channel >= kChannels; channel += kChannels) {
    add_tile<Vector, element, kRows, kVectors>(addition, weights, outs, channel);
  }
  if constexpr (kChannels > 16) {
    add_channels<Vector, element, kRows, kVectors / 2>(addition, weights, outs, channel);
  }
}

// Slots all rows see are added to all at once, those before and after row by row.
template <class Vector, KvElement element, int kRows>
void add_rows(Addition addition, const RowBlock& block, const float* const* weights) {
  int begin = block.begin[0], end = block.end[0];
  for (int r = 1; r < kRows; ++r) {
    begin = block.begin[r] > begin ? block.begin[r] : begin;
    end = block.end[r] < end ? block.end[r] : end;
  }
  const auto add_alone = [&](int r, int from, int to) {
    addition.begin = from;
    addition.end = to;
    if (from < to) {
      add_channels<Vector, element, 1, Vector::channel_vectors(1)>(addition, weights + r,
                                                                   block.out + r, addition.channel);
    }
  };
  if (begin >= end) {
    for (int r = 0; r < kRows; ++r) add_alone(r, block.begin[r], block.end[r]);
    return;
  }
  for (int r = 0; r < kRows; ++r) add_alone(r, block.begin[r], begin);
  addition.begin = begin;
  addition.end = end;
  add_channels<Vector, element, kRows, Vector::channel_vectors(kRows)>(addition, weights, block.out,
                                                                       addition.channel);
  for (int r = 0; r < kRows; ++r) add_alone(r, end, block.end[r]);
}

// The scales of one group of channels, by slot.
template <class Vector>
void load_value_scales(const std::byte* scales, int groups, float* out) {
  for (int slot = 0; slot < kPageSlots; slot += Vector::kLanes) {
    std::byte halves[Vector::kLanes * 2];
    for (int i = 0; i < Vector::kLanes; ++i) {
      __builtin_memcpy(halves + i * 2, scales + (slot + i) * groups * 2, 2);
    }
    Vector::store(out + slot, Vector::load_f16(halves));
  }
}

// q8: the weights are multiplied with the scales of a group, then its channels added.
template <class Vector, int kRows>
void add_scaled_values(const AttendTask& task, const RowBlock& block) {
  const int stride = padded_dim(task.head_dim);
  const int groups = (task.head_dim + kQ8Group - 1) / kQ8Group;
  const std::byte* scales = task.values + stride * kPageSlots;
  alignas(64) float group_scales[kPageSlots];
  alignas(64) float scaled[kRows][kPageSlots];
  const float* weights[kRows];
  for (int group = 0; group < groups; ++group) {
    load_value_scales<Vector>(scales + group * 2, groups, group_scales);
    for (int r = 0; r < kRows; ++r) {
      weights[r] = scaled[r];
      const int first = block.begin[r] / Vector::kLanes * Vector::kLanes;
      for (int slot = first; slot < block.end[r]; slot += Vector::kLanes) {
        Vector::store(scaled[r] + slot, Vector::mul(Vector::load(group_scales + slot),
                                                    Vector::load(block.weights[r] + slot)));
      }
    }
    const int channel = group * kQ8Group;
    const int channel_end = channel + kQ8Group < stride ? channel + kQ8Group : stride;
    add_rows<Vector, KvElement::q8, kRows>(
        {task.values, stride, channel, channel_end, 0, 0, block.during_values}, block, weights);
  }
}

template <class Vector, KvElement element, int kRows>
void add_values(const AttendTask& task, const RowBlock& block) {
  if constexpr (element == KvElement::q8) {
    add_scaled_values<Vector, kRows>(task, block);
  } else {
    const int stride = padded_dim(task.head_dim);
    const float* weights[kRows];
    for (int r = 0; r < kRows; ++r) weights[r] = block.weights[r];
    add_rows<Vector, element, kRows>({task.values, stride, 0, stride, 0, 0, block.during_values},
                                     block, weights);
  }
}

template <class Vector, KvElement element, int kRows>
void attend_rows(const AttendTask& task, RowBlock& block) {
  score_rows<Vector, element, kRows>(task, block);
  for (int r = 0; r < kRows; ++r) soften<Vector>(task, block, r);
  add_values<Vector, element, kRows>(task, block);
}

template <class Vector, KvElement element>
void attend_block(const AttendTask& task, RowBlock& block) {
  if (block.count == 4) attend_rows<Vector, element, 4>(task, block);
  if (block.count == 3) attend_rows<Vector, element, 3>(task, block);
  if (block.count == 2) attend_rows<Vector, element, 2>(task, block);
  if (block.count == 1) attend_rows<Vector, element, 1>(task, block);
  block.count = 0;
}

template <class Vector, KvElement element>
void attend(const AttendTask& task) {
  RowBlock block;
  block.during_keys = task.values;
  block.during_values = task.next_keys != nullptr ? task.next_keys : task.keys;
  for (int row = 0; row < task.row_count; ++row) {
    if (task.visible_begin[row] >= task.visible_end[row]) continue;
    const int r = block.count++;
    block.row[r] = row;
    block.begin[r] = task.visible_begin[row];
    block.end[r] = task.visible_end[row];
    block.query[r] = task.queries + row * task.query_stride;
    block.out[r] = task.out + row * task.out_stride;
    if (block.count == kRowsMax) attend_block<Vector, element>(task, block);
  }
  attend_block<Vector, element>(task, block);
}

template <class Vector>
void install_attend_of(KernelTable& table) {
  table.attend[static_cast<int>(KvElement::f32)] = attend<Vector, KvElement::f32>;
  table.attend[static_cast<int>(KvElement::f16)] = attend<Vector, KvElement::f16>;
  table.attend[static_cast<int>(KvElement::bf16)] = attend<Vector, KvElement::bf16>;
  table.attend[static_cast<int>(KvElement::q8)] = attend<Vector, KvElement::q8>;
}

}  // namespace
}  // namespace bise::cpu
