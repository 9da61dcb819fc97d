#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "backends/cpu/kernels/kernels_under_test.h"
#include "backends/cpu/kv_page.h"
#include "backends/cpu/select_kernels.h"
#include "tensor/convert.h"

namespace bise::cpu {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// One KV head's part of a page with random keys and values in slots [begin, end); every other
// number is NaN, or for q8 has a scale that is.
class Page {
 public:
  Page(KvElement element, int head_dim, int begin, int end, std::mt19937& random)
      : element_(element),
        head_dim_(head_dim),
        keys_(key_block_bytes(element, head_dim), 0),
        values_(value_block_bytes(element, head_dim), 0) {
    std::normal_distribution<float> normal;
    for (int slot = 0; slot < kPageSlots; ++slot) {
      const bool written = slot >= begin && slot < end;
      for (int c = 0; c < value_stride(head_dim); ++c) {
        const bool padding = c >= head_dim;
        const float value = !written ? kNan : padding ? 0 : normal(random);
        put(values_.data(), slot * value_stride(head_dim) + c, value);
        if (!padding) put(keys_.data(), c * kPageSlots + slot, written ? normal(random) : kNan);
      }
      if (element == KvElement::q8) put_scales(slot, written, random);
    }
  }

  const std::byte* keys() { return keys_.data(); }
  const std::byte* values() { return values_.data(); }

 private:
  void put(std::byte* block, int index, float value) {
    if (element_ == KvElement::f32) {
      std::memcpy(block + index * 4, &value, 4);
    } else if (element_ == KvElement::q8) {
      const float code = std::isnan(value) ? 99 : std::clamp(value * 40, -127.0f, 127.0f);
      block[index] = static_cast<std::byte>(static_cast<std::int8_t>(code));
    } else {
      const std::uint16_t bits =
          element_ == KvElement::f16 ? float_to_half(value) : float_to_bf16(value);
      std::memcpy(block + index * 2, &bits, 2);
    }
  }

  void put_scales(int slot, bool written, std::mt19937& random) {
    std::uniform_real_distribution<float> uniform(0.01f, 0.03f);
    const int groups = q8_groups(head_dim_);
    auto* key_scales = keys_.data() + head_dim_ * kPageSlots;
    auto* value_scales = values_.data() + value_stride(head_dim_) * kPageSlots;
    for (int g = 0; g < groups; ++g) {
      const std::uint16_t key = float_to_half(written ? uniform(random) : kNan);
      const std::uint16_t value = float_to_half(written ? uniform(random) : kNan);
      std::memcpy(key_scales + (g * kPageSlots + slot) * 2, &key, 2);
      std::memcpy(value_scales + (slot * groups + g) * 2, &value, 2);
    }
  }

  KvElement element_;
  int head_dim_;
  BytesAt keys_, values_;
};

struct State {
  std::vector<float> out, maximum, total;
  std::int64_t stride;

  State(int rows, int head_dim)
      : out(static_cast<std::size_t>(rows * (value_stride(head_dim) + 16)), 0.0f),
        maximum(static_cast<std::size_t>(rows), -std::numeric_limits<float>::infinity()),
        total(static_cast<std::size_t>(rows), 0.0f),
        stride(value_stride(head_dim) + 16) {}
};

struct Queries {
  int head_dim, rows;
  std::int64_t stride;
  std::vector<float> values;
  std::vector<int> begin, end;

  Queries(int head_dim_in, int rows_in, std::mt19937& random)
      : head_dim(head_dim_in),
        rows(rows_in),
        stride(head_dim_in + 3),  // odd: rows begin anywhere
        values(random_floats(random, static_cast<std::size_t>(rows_in * stride),
                             2 / std::sqrt(static_cast<float>(head_dim_in)))),
        begin(static_cast<std::size_t>(rows_in), 0),
        end(static_cast<std::size_t>(rows_in), kPageSlots) {}
};

// Rows [first, first + count) of the queries against one page.
void attend(Attend kernel, Page& page, const Queries& queries, State& state, int first, int count) {
  kernel({.keys = page.keys(),
          .values = page.values(),
          .head_dim = queries.head_dim,
          .row_count = count,
          .queries = queries.values.data() + first * queries.stride,
          .query_stride = queries.stride,
          .visible_begin = queries.begin.data() + first,
          .visible_end = queries.end.data() + first,
          .out = state.out.data() + first * state.stride,
          .out_stride = state.stride,
          .maximum = state.maximum.data() + first,
          .total = state.total.data() + first});
}

std::vector<float> answers(const State& state, const Queries& queries) {
  std::vector<float> all;
  for (int r = 0; r < queries.rows; ++r) {
    const float total = state.total[static_cast<std::size_t>(r)];
    for (int c = 0; c < queries.head_dim; ++c) {
      const float sum = state.out[static_cast<std::size_t>(r * state.stride + c)];
      all.push_back(total == 0 ? 0 : sum / total);
    }
  }
  return all;
}

constexpr KvElement kElements[] = {KvElement::f32, KvElement::f16, KvElement::bf16, KvElement::q8};
constexpr int kHeadDims[] = {128, 64, 16, 80, 33, 7, 256};

class AttendParity : public testing::TestWithParam<KernelsUnderTest> {
 protected:
  static Attend reference(KvElement element) {
    return select_kernels("reference").value().attend[static_cast<int>(element)];
  }
  static Attend kernel(KvElement element) {
    return GetParam().table.attend[static_cast<int>(element)];
  }
};

// The ranges of rows that are heads of one token, of neighbouring tokens, of anything.
void set_ranges(Queries& queries, int kind, std::mt19937& random) {
  for (int r = 0; r < queries.rows; ++r) {
    int begin = 0, end = kPageSlots;
    if (kind == 1) end = 1 + r * 3 % kPageSlots;
    if (kind == 2) begin = 5 + r, end = 30 + r;
    if (kind == 3) begin = static_cast<int>(random() % 65), end = static_cast<int>(random() % 65);
    queries.begin[static_cast<std::size_t>(r)] = begin;
    queries.end[static_cast<std::size_t>(r)] = std::max(begin, end);
  }
}

TEST_P(AttendParity, AgreesWithTheReferenceOverSeveralPages) {
  std::mt19937 random(11);
  for (const KvElement element : kElements) {
    for (const int head_dim : kHeadDims) {
      for (const int rows : {1, 2, 3, 4, 7, 32}) {
        Queries queries(head_dim, rows, random);
        State got(rows, head_dim), expected(rows, head_dim);
        for (int page_index = 0; page_index < 4; ++page_index) {
          set_ranges(queries, page_index, random);
          Page page(element, head_dim, 0, kPageSlots, random);
          attend(kernel(element), page, queries, got, 0, rows);
          attend(reference(element), page, queries, expected, 0, rows);
        }
        EXPECT_LT(normalised_error(answers(got, queries), answers(expected, queries)), 1e-10)
            << "element " << static_cast<int>(element) << " head_dim " << head_dim << " rows "
            << rows;
        EXPECT_LT(normalised_error(got.total, expected.total), 1e-10);
      }
    }
  }
}

TEST_P(AttendParity, ARowIsTheSameAloneAndInCompany) {
  std::mt19937 random(12);
  for (const KvElement element : kElements) {
    for (const int head_dim : kHeadDims) {
      const int rows = 11;
      Queries queries(head_dim, rows, random);
      State together(rows, head_dim), alone(rows, head_dim), in_twos(rows, head_dim);
      for (int page_index = 0; page_index < 6; ++page_index) {
        set_ranges(queries, page_index < 3 ? page_index : 3, random);
        Page page(element, head_dim, 0, kPageSlots, random);
        attend(kernel(element), page, queries, together, 0, rows);
        for (int r = 0; r < rows; ++r) attend(kernel(element), page, queries, alone, r, 1);
        for (int r = 0; r < rows; r += 2) {
          attend(kernel(element), page, queries, in_twos, r, std::min(2, rows - r));
        }
      }
      EXPECT_TRUE(same_bits(together.out, alone.out));
      EXPECT_TRUE(same_bits(together.maximum, alone.maximum));
      EXPECT_TRUE(same_bits(together.total, alone.total));
      EXPECT_TRUE(same_bits(together.out, in_twos.out));
      EXPECT_EQ(normalised_error(together.total, together.total), 0);  // all are finite
    }
  }
}

TEST_P(AttendParity, SeesNothingBeyondTheVisibleRange) {
  std::mt19937 random(13);
  for (const KvElement element : kElements) {
    for (const int head_dim : {128, 33}) {
      for (const auto& [begin, end] : {std::pair{0, 1}, {0, 13}, {9, 10}, {3, 61}, {40, 64}}) {
        Page page(element, head_dim, begin, end, random);
        Queries queries(head_dim, 6, random);
        for (int r = 0; r < 6; ++r) {
          queries.begin[static_cast<std::size_t>(r)] = begin;
          queries.end[static_cast<std::size_t>(r)] = std::max(begin, end - r % 3);
        }
        State got(6, head_dim), expected(6, head_dim);
        attend(kernel(element), page, queries, got, 0, 6);
        attend(reference(element), page, queries, expected, 0, 6);
        EXPECT_LT(normalised_error(answers(got, queries), answers(expected, queries)), 1e-10)
            << "element " << static_cast<int>(element) << " slots " << begin << " to " << end;
      }
    }
  }
}

TEST_P(AttendParity, ANeighboursNanStaysWithIt) {
  std::mt19937 random(14);
  for (const KvElement element : {KvElement::f32, KvElement::f16, KvElement::bf16}) {
    const int head_dim = 64;
    Page page(element, head_dim, 0, 20, random);  // slots from 20 on are NaN
    Queries queries(head_dim, 4, random);
    queries.end = {20, 25, 20, 19};
    State got(4, head_dim);
    attend(kernel(element), page, queries, got, 0, 4);
    for (const std::size_t r : {0u, 2u, 3u}) EXPECT_TRUE(std::isfinite(got.total[r])) << r;
    EXPECT_TRUE(std::isnan(got.total[1]));
    for (int c = 0; c < head_dim; ++c) {
      EXPECT_TRUE(std::isfinite(got.out[static_cast<std::size_t>(2 * got.stride + c)]));
      EXPECT_TRUE(std::isnan(got.out[static_cast<std::size_t>(got.stride + c)]));
    }
  }
}

TEST_P(AttendParity, AnEmptyRangeLeavesTheRowAsItIs) {
  std::mt19937 random(15);
  Page page(KvElement::f16, 64, 0, 32, random);
  Queries queries(64, 3, random);
  queries.begin = {0, 7, 64};
  queries.end = {32, 7, 64};
  State state(3, 64);
  state.maximum[1] = 1.5f;
  state.total[1] = 2.5f;
  attend(kernel(KvElement::f16), page, queries, state, 0, 3);
  EXPECT_EQ(state.maximum[1], 1.5f);
  EXPECT_EQ(state.total[1], 2.5f);
  EXPECT_EQ(state.total[2], 0.0f);
  EXPECT_GT(state.total[0], 0.0f);
}

TEST_P(AttendParity, HugeScoresNeitherOverflowNorLoseTheLargest) {
  std::mt19937 random(16);
  Page page(KvElement::f32, 64, 0, kPageSlots, random);
  Queries queries(64, 4, random);
  for (float& value : queries.values) value *= 1000;
  State got(4, 64), expected(4, 64);
  attend(kernel(KvElement::f32), page, queries, got, 0, 4);
  attend(reference(KvElement::f32), page, queries, expected, 0, 4);
  // Scores of thousands, so their last bit is 2^-12 of an exponent: the weights are that far off.
  EXPECT_LT(normalised_error(answers(got, queries), answers(expected, queries)), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Isa, AttendParity, testing::ValuesIn(kernels_under_test()), kKernelsName);

}  // namespace
}  // namespace bise::cpu
