#include "backends/cpu/kernels/avx2/exp.h"
#include "backends/cpu/kernels/avx2/kernels.h"
#include "backends/cpu/kernels/intrinsics.h"
#include "backends/cpu/kv_page.h"

// Every row's sums have one order, whatever its company: a score adds channels in order, an output
// adds slots in order, one fused step each. Tiles only choose which of them run side by side.

namespace bise::cpu::avx2 {
namespace {

constexpr int kLanes = 8;
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
  alignas(32) float weights[kRowsMax][kPageSlots];
};

// Eight sums at least, or the latency of the fused step shows; 4 x 2 with two numbers and a factor
// leave a register or two of the 16. (4 x 3 was no faster.)
constexpr int vectors_for(int rows) {
  return rows == 1 ? 8 : rows == 2 ? 4 : 2;
}

constexpr int bytes_of(KvElement element) {
  return element == KvElement::f32 ? 4 : element == KvElement::q8 ? 1 : 2;
}

// Asks for the cache lines of `bytes` bytes, to the level-2 cache: the level-1 is full of this
// page.
template <int bytes>
void prefetch(const std::byte* from) {
  for (int i = 0; i < bytes; i += 64) {
    _mm_prefetch(reinterpret_cast<const char*>(from + i), _MM_HINT_T1);
  }
}

template <KvElement element>
__m256 load_numbers(const std::byte* block, int index) {
  if constexpr (element == KvElement::f32) {
    return _mm256_loadu_ps(reinterpret_cast<const float*>(block) + index);
  } else if constexpr (element == KvElement::q8) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(block + index));
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
  } else {
    const __m128i halves = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + index * 2));
    if constexpr (element == KvElement::f16) return _mm256_cvtph_ps(halves);
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
  }
}

// Scores of kRows rows with slots [slot, slot + 8 kVectors). q8 sums a group of channels first and
// then adds it, times its scale.
template <KvElement element, int kRows, int kVectors>
void score_tile(const AttendTask& task, RowBlock& block, int first_row, int slot) {
  constexpr bool kScaled = element == KvElement::q8;
  const int head_dim = task.head_dim;
  const int group = kScaled ? kQ8Group : head_dim;
  constexpr int kBytes = kVectors * kLanes * bytes_of(element);
  const std::byte* ahead = block.during_keys + slot * head_dim * bytes_of(element);
  const std::byte* scales = task.keys + head_dim * kPageSlots;
  for (int first = 0; first < head_dim; first += group) {
    const int last = first + group < head_dim ? first + group : head_dim;
    __m256 sums[kRows][kVectors];
    for (int r = 0; r < kRows; ++r) {
      for (int v = 0; v < kVectors; ++v) sums[r][v] = _mm256_setzero_ps();
    }
    for (int channel = first; channel < last; ++channel) {
      __m256 keys[kVectors];
      for (int v = 0; v < kVectors; ++v) {
        keys[v] = load_numbers<element>(task.keys, channel * kPageSlots + slot + v * kLanes);
      }
      prefetch<kBytes>(ahead + channel * kBytes);
      for (int r = 0; r < kRows; ++r) {
        const __m256 query = _mm256_broadcast_ss(block.query[first_row + r] + channel);
        for (int v = 0; v < kVectors; ++v) sums[r][v] = _mm256_fmadd_ps(query, keys[v], sums[r][v]);
      }
    }
    for (int v = 0; v < kVectors; ++v) {
      const int at = slot + v * kLanes;
      __m256 scale;
      if constexpr (kScaled) {
        scale = load_numbers<KvElement::f16>(scales, first / kQ8Group * kPageSlots + at);
      }
      for (int r = 0; r < kRows; ++r) {
        float* score = block.weights[first_row + r] + at;
        if constexpr (kScaled) {
          const __m256 before = first == 0 ? _mm256_setzero_ps() : _mm256_load_ps(score);
          sums[r][v] = _mm256_fmadd_ps(scale, sums[r][v], before);
        }
        _mm256_store_ps(score, sums[r][v]);
      }
    }
  }
}

template <KvElement element, int kRows, int kVectors>
void score_slots(const AttendTask& task, RowBlock& block, int first_row, int slot, int end) {
  constexpr int kSlots = kVectors * kLanes;
  for (; end - slot >= kSlots; slot += kSlots) {
    score_tile<element, kRows, kVectors>(task, block, first_row, slot);
  }
  if constexpr (kVectors > 1) {
    score_slots<element, kRows, kVectors / 2>(task, block, first_row, slot, end);
  }
}

// Scores of whole vectors of slots that cover what any of the rows sees; lanes that a row does not
// see hold anything.
template <KvElement element, int kRows>
void score_rows(const AttendTask& task, RowBlock& block) {
  int begin = block.begin[0], end = block.end[0];
  for (int r = 1; r < kRows; ++r) {
    begin = block.begin[r] < begin ? block.begin[r] : begin;
    end = block.end[r] > end ? block.end[r] : end;
  }
  begin = begin / kLanes * kLanes;
  end = (end + kLanes - 1) / kLanes * kLanes;
  score_slots<element, kRows, vectors_for(kRows)>(task, block, 0, begin, end);
}

float horizontal_max(__m256 x) {
  __m128 m = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  m = _mm_max_ps(m, _mm_movehl_ps(m, m));
  return _mm_cvtss_f32(_mm_max_ss(m, _mm_movehdup_ps(m)));
}

float horizontal_sum(__m256 x) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

// All ones in the lanes of slots [slot, slot + 8) that lie in [begin, end).
__m256 visible_lanes(int slot, int begin, int end) {
  const __m256i lane =
      _mm256_add_epi32(_mm256_set1_epi32(slot), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  const __m256i before = _mm256_cmpgt_epi32(_mm256_set1_epi32(begin), lane);
  const __m256i inside = _mm256_cmpgt_epi32(_mm256_set1_epi32(end), lane);
  return _mm256_castsi256_ps(_mm256_andnot_si256(before, inside));
}

void scale_row(float* row, int count, float factor) {
  const __m256 factors = _mm256_set1_ps(factor);
  for (int i = 0; i < count; i += kLanes) {
    _mm256_storeu_ps(row + i, _mm256_mul_ps(_mm256_loadu_ps(row + i), factors));
  }
}

// Scores of one row to weights e^(score - maximum), its state moved to the new maximum.
void soften(const AttendTask& task, RowBlock& block, int r) {
  const int begin = block.begin[r], end = block.end[r];
  const int first = begin / kLanes * kLanes;
  float* weights = block.weights[r];
  const float before = task.maximum[block.row[r]];

  const __m256 nothing = _mm256_set1_ps(-__builtin_inff());
  __m256 largest = _mm256_set1_ps(before);
  for (int slot = first; slot < end; slot += kLanes) {
    const __m256 score =
        _mm256_blendv_ps(nothing, _mm256_load_ps(weights + slot), visible_lanes(slot, begin, end));
    _mm256_store_ps(weights + slot, score);
    largest = _mm256_max_ps(largest, score);
  }
  const float maximum = horizontal_max(largest);
  const __m256 shift = _mm256_set1_ps(maximum);
  __m256 total = _mm256_setzero_ps();
  for (int slot = first; slot < end; slot += kLanes) {
    const __m256 weight = exp8(_mm256_sub_ps(_mm256_load_ps(weights + slot), shift));
    _mm256_store_ps(weights + slot, weight);
    total = _mm256_add_ps(total, weight);
  }
  const float correction = _mm256_cvtss_f32(exp8(_mm256_set1_ps(before - maximum)));
  const int row = block.row[r];
  if (correction != 1) scale_row(block.out[r], (task.head_dim + 15) / 16 * 16, correction);
  task.maximum[row] = maximum;
  task.total[row] = task.total[row] * correction + horizontal_sum(total);
}

// What to add to some rows' channels [channel, channel_end): slots [begin, end), weighted.
struct Addition {
  const std::byte* numbers;
  int stride;
  int channel, channel_end;
  int begin, end;
  const std::byte* ahead;
};

template <KvElement element, int kRows, int kVectors>
void add_tile(const Addition& addition, const float* const* weights, float* const* outs,
              int channel) {
  __m256 sums[kRows][kVectors];
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) sums[r][v] = _mm256_loadu_ps(outs[r] + channel + v * kLanes);
  }
  constexpr int kBytes = kVectors * kLanes * bytes_of(element);
  const std::byte* ahead = addition.ahead + channel * kPageSlots * bytes_of(element);
  for (int slot = addition.begin; slot < addition.end; ++slot) {
    prefetch<kBytes>(ahead + slot * kBytes);
    __m256 values[kVectors];
    for (int v = 0; v < kVectors; ++v) {
      values[v] =
          load_numbers<element>(addition.numbers, slot * addition.stride + channel + v * kLanes);
    }
    for (int r = 0; r < kRows; ++r) {
      const __m256 weight = _mm256_broadcast_ss(weights[r] + slot);
      for (int v = 0; v < kVectors; ++v) {
        sums[r][v] = _mm256_fmadd_ps(weight, values[v], sums[r][v]);
      }
    }
  }
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) _mm256_storeu_ps(outs[r] + channel + v * kLanes, sums[r][v]);
  }
}

template <KvElement element, int kRows, int kVectors>
void add_channels(const Addition& addition, const float* const* weights, float* const* outs,
                  int channel) {
  constexpr int kChannels = kVectors * kLanes;
  for (; addition.channel_end - channel >= kChannels; channel += kChannels) {
    add_tile<element, kRows, kVectors>(addition, weights, outs, channel);
  }
  if constexpr (kVectors > 2) {  // channels come in sixteens
    add_channels<element, kRows, kVectors / 2>(addition, weights, outs, channel);
  }
}

// Slots all rows see are added to all at once, those before and after row by row.
template <KvElement element, int kRows>
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
      add_channels<element, 1, 8>(addition, weights + r, block.out + r, addition.channel);
    }
  };
  if (begin >= end) {
    for (int r = 0; r < kRows; ++r) add_alone(r, block.begin[r], block.end[r]);
    return;
  }
  for (int r = 0; r < kRows; ++r) add_alone(r, block.begin[r], begin);
  addition.begin = begin;
  addition.end = end;
  add_channels<element, kRows, vectors_for(kRows)>(addition, weights, block.out, addition.channel);
  for (int r = 0; r < kRows; ++r) add_alone(r, end, block.end[r]);
}

// The scales of one group of channels, by slot.
void load_value_scales(const std::byte* scales, int groups, float* out) {
  const auto* halves = reinterpret_cast<const std::uint16_t*>(scales);
  for (int slot = 0; slot < kPageSlots; slot += kLanes) {
    std::uint16_t eight[kLanes];
    for (int i = 0; i < kLanes; ++i) eight[i] = halves[(slot + i) * groups];
    const __m128i packed = _mm_loadu_si128(reinterpret_cast<const __m128i*>(eight));
    _mm256_store_ps(out + slot, _mm256_cvtph_ps(packed));
  }
}

template <KvElement element, int kRows>
void add_values(const AttendTask& task, const RowBlock& block) {
  const int stride = (task.head_dim + 15) / 16 * 16;
  Addition addition = {task.values, stride, 0, stride, 0, 0, block.during_values};
  const float* weights[kRows];
  if constexpr (element != KvElement::q8) {
    for (int r = 0; r < kRows; ++r) weights[r] = block.weights[r];
    add_rows<element, kRows>(addition, block, weights);
  } else {
    const int groups = (task.head_dim + kQ8Group - 1) / kQ8Group;
    const std::byte* scales = task.values + stride * kPageSlots;
    alignas(32) float group_scales[kPageSlots];
    alignas(32) float scaled[kRows][kPageSlots];
    for (int group = 0; group < groups; ++group) {
      load_value_scales(scales + group * 2, groups, group_scales);
      for (int r = 0; r < kRows; ++r) {
        weights[r] = scaled[r];
        for (int slot = block.begin[r] / kLanes * kLanes; slot < block.end[r]; slot += kLanes) {
          _mm256_store_ps(scaled[r] + slot, _mm256_mul_ps(_mm256_load_ps(group_scales + slot),
                                                          _mm256_load_ps(block.weights[r] + slot)));
        }
      }
      addition.channel = group * kQ8Group;
      addition.channel_end =
          addition.channel + kQ8Group < stride ? addition.channel + kQ8Group : stride;
      add_rows<element, kRows>(addition, block, weights);
    }
  }
}

template <KvElement element, int kRows>
void attend_rows(const AttendTask& task, RowBlock& block) {
  score_rows<element, kRows>(task, block);
  for (int r = 0; r < kRows; ++r) soften(task, block, r);
  add_values<element, kRows>(task, block);
}

template <KvElement element>
void attend_block(const AttendTask& task, RowBlock& block) {
  if (block.count == 4) attend_rows<element, 4>(task, block);
  if (block.count == 3) attend_rows<element, 3>(task, block);
  if (block.count == 2) attend_rows<element, 2>(task, block);
  if (block.count == 1) attend_rows<element, 1>(task, block);
  block.count = 0;
}

template <KvElement element>
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
    if (block.count == kRowsMax) attend_block<element>(task, block);
  }
  attend_block<element>(task, block);
}

}  // namespace

void install_attend(KernelTable& table) {
  table.attend[static_cast<int>(KvElement::f32)] = attend<KvElement::f32>;
  table.attend[static_cast<int>(KvElement::f16)] = attend<KvElement::f16>;
  table.attend[static_cast<int>(KvElement::bf16)] = attend<KvElement::bf16>;
  table.attend[static_cast<int>(KvElement::q8)] = attend<KvElement::q8>;
}

}  // namespace bise::cpu::avx2
