// Every set of kernels the processor runs against the reference, on shapes, ranges and numbers
// that the input chooses: bit for bit where the contract says so, else within rounding. And a row
// of attention, or a token of a product, alone against the same in company.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <span>
#include <vector>

#include "backends/cpu/kv_page.h"
#include "backends/cpu/select_kernels.h"
#include "base/check.h"
#include "tensor/element_type.h"

namespace bise::cpu {
namespace {

// The input's bytes one after the other, then zeros.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : bytes_(data, size) {}
  int number(int least, int largest) {
    const int high = byte();
    return least + (high << 8 | byte()) % (largest - least + 1);
  }
  // Bit patterns as they come: any float at all.
  std::vector<float> any_floats(std::size_t count) {
    std::vector<float> values(count);
    for (float& value : values) {
      std::uint8_t bits[4];
      for (std::uint8_t& bit : bits) bit = byte();
      std::memcpy(&value, bits, sizeof value);
    }
    return values;
  }
  std::vector<float> small_floats(std::size_t count) {
    std::vector<float> values(count);
    for (float& value : values) value = static_cast<float>(static_cast<std::int8_t>(byte())) / 64;
    return values;
  }
  std::vector<std::byte> raw(std::size_t count) {
    std::vector<std::byte> values(count);
    for (std::byte& value : values) value = static_cast<std::byte>(byte());
    return values;
  }

 private:
  // After its end the input goes on as noise that its bytes seed: big shapes need no big inputs.
  std::uint8_t byte() {
    if (next_ < bytes_.size()) {
      const std::uint8_t value = bytes_[next_++];
      noise_.seed(noise_() + value);
      return value;
    }
    return static_cast<std::uint8_t>(noise_());
  }

  std::span<const std::uint8_t> bytes_;
  std::size_t next_ = 0;
  std::minstd_rand noise_;
};

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) && std::isnan(b[i])) continue;
    if (std::memcmp(&a[i], &b[i], sizeof(float)) != 0) return false;
  }
  return true;
}

// Squared error against squared size; `floor` is a size whose square counts as nothing.
bool close(const std::vector<float>& got, const std::vector<float>& expected, double floor) {
  double error = 0, size = floor * floor;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double difference = static_cast<double>(got[i]) - expected[i];
    error += difference * difference;
    size += static_cast<double>(expected[i]) * expected[i];
  }
  return error <= 1e-9 * size;  // false for NaN
}

void try_unpack(const KernelTable& kernels, const KernelTable& reference, Input input) {
  const auto type = static_cast<ElementType>(input.number(0, kElementTypeCount - 1));
  if (!facts(type).is_weight) return;
  const std::int64_t elements = std::int64_t{input.number(0, 20)} * facts(type).block_elements;
  const std::vector<std::byte> row = input.raw(*row_bytes(type, elements));
  std::vector<float> got(static_cast<std::size_t>(elements)), expected(got);
  kernels.unpack_row[static_cast<int>(type)](row.data(), elements, got.data());
  reference.unpack_row[static_cast<int>(type)](row.data(), elements, expected.data());
  CHECK(same_bits(got, expected));
}

void try_quantize(const KernelTable& kernels, const KernelTable& reference, Input input) {
  const int group = input.number(0, 1) == 0 ? 32 : 256;
  const auto cols = static_cast<std::size_t>(group * input.number(1, 4));
  const std::vector<float> row = input.any_floats(cols);
  struct Quantised {
    std::vector<std::int8_t> values;
    std::vector<float> scales;
    std::vector<std::int16_t> sums;
  };
  const auto quantise = [&](const KernelTable& table) {
    Quantised q{std::vector<std::int8_t>(cols),
                std::vector<float>(cols / static_cast<std::size_t>(group)),
                std::vector<std::int16_t>(cols / 16)};
    table.quantize_row(row.data(), static_cast<std::int64_t>(cols), group, q.values.data(),
                       q.scales.data(), q.sums.data());
    return q;
  };
  const Quantised got = quantise(kernels), expected = quantise(reference);
  CHECK(got.values == expected.values);
  CHECK(got.sums == expected.sums);
  CHECK(same_bits(got.scales, expected.scales));
}

void try_elementwise(const KernelTable& kernels, const KernelTable& reference, Input input) {
  const auto count = static_cast<std::size_t>(input.number(1, 70));
  const bool any = input.number(0, 1) == 0;
  const auto a = any ? input.any_floats(count) : input.small_floats(count);
  const auto b = any ? input.any_floats(count) : input.small_floats(count);
  const auto n = static_cast<std::int64_t>(count);
  std::vector<float> got = b, expected = b;
  kernels.add(a.data(), n, got.data());
  reference.add(a.data(), n, expected.data());
  CHECK(same_bits(got, expected));

  kernels.swiglu(a.data(), b.data(), n, got.data());
  reference.swiglu(a.data(), b.data(), n, expected.data());
  for (std::size_t i = 0; i < count; ++i) {
    // A tiny factor has few bits, and a huge one would show it.
    if (!std::isfinite(expected[i]) || std::fabs(a[i]) > 80 || std::fabs(b[i]) > 1e6f) continue;
    CHECK(std::fabs(got[i] - expected[i]) <= 1e-6f * std::fabs(expected[i]) + 1e-30f);
  }
  if (any) return;
  kernels.rms_norm(a.data(), b.data(), n, 1e-5f, got.data());
  reference.rms_norm(a.data(), b.data(), n, 1e-5f, expected.data());
  CHECK(close(got, expected, 1e-20));
}

struct Attention {
  std::vector<float> out, maximum, total;
};

void try_attend(const KernelTable& kernels, const KernelTable& reference, Input input) {
  const auto element = static_cast<KvElement>(input.number(0, kKvElementCount - 1));
  const int head_dim = input.number(1, 140), rows = input.number(1, 9);
  const std::int64_t stride = value_stride(head_dim);
  std::vector<int> begin(static_cast<std::size_t>(rows)), end(begin);
  for (std::size_t r = 0; r < begin.size(); ++r) {
    begin[r] = input.number(0, kPageSlots);
    end[r] = input.number(0, kPageSlots);
  }
  const auto queries = input.small_floats(static_cast<std::size_t>(rows * stride));
  auto keys = input.raw(key_block_bytes(element, head_dim));
  auto values = input.raw(value_block_bytes(element, head_dim));
  // Numbers of modest size: the upper exponent bit off, in q8's scales too.
  const auto tame = [&](std::vector<std::byte>& block, std::size_t from, std::size_t step) {
    for (std::size_t i = from + step - 1; i < block.size(); i += step) block[i] &= std::byte{0xbf};
  };
  if (element == KvElement::q8) {
    tame(keys, static_cast<std::size_t>(head_dim) * kPageSlots, 2);
    tame(values, static_cast<std::size_t>(stride) * kPageSlots, 2);
  } else {
    tame(keys, 0, kv_element_bytes(element));
    tame(values, 0, kv_element_bytes(element));
  }
  const auto attend = [&](const KernelTable& table, int company) {
    Attention state{
        std::vector<float>(static_cast<std::size_t>(rows * stride)),
        std::vector<float>(static_cast<std::size_t>(rows), -std::numeric_limits<float>::infinity()),
        std::vector<float>(static_cast<std::size_t>(rows))};
    for (int row = 0; row < rows; row += company) {
      table.attend[static_cast<int>(element)]({.keys = keys.data(),
                                               .values = values.data(),
                                               .head_dim = head_dim,
                                               .row_count = std::min(company, rows - row),
                                               .queries = queries.data() + row * stride,
                                               .query_stride = stride,
                                               .visible_begin = begin.data() + row,
                                               .visible_end = end.data() + row,
                                               .out = state.out.data() + row * stride,
                                               .out_stride = stride,
                                               .maximum = state.maximum.data() + row,
                                               .total = state.total.data() + row});
    }
    return state;
  };
  const Attention got = attend(kernels, rows), alone = attend(kernels, 1);
  CHECK(same_bits(got.out, alone.out));
  CHECK(same_bits(got.maximum, alone.maximum));
  CHECK(same_bits(got.total, alone.total));
  const Attention expected = attend(reference, rows);
  for (std::size_t r = 0; r < begin.size(); ++r) {
    if (begin[r] >= end[r]) {
      CHECK(got.total[r] == 0);
      continue;
    }
    // A score of size s is off by some 2^-22 s, and the weights by as much of themselves.
    const double size = std::max(1.0, std::fabs(static_cast<double>(expected.maximum[r])));
    CHECK(std::fabs(got.maximum[r] - expected.maximum[r]) <= 1e-4 * size);
  }
}

void try_matmul(const KernelTable& kernels, const KernelTable& reference, Input input) {
  constexpr ElementType kTypes[] = {ElementType::f16, ElementType::bf16, ElementType::f8_e4m3};
  const ElementType type = kTypes[input.number(0, 2)];
  const int rows = input.number(1, 40), tokens = input.number(1, 9);
  const std::int64_t cols = input.number(1, 600);
  const auto row_size = *row_bytes(type, cols);
  auto weights = input.raw(row_size * static_cast<std::size_t>(rows));
  const std::size_t step = type == ElementType::f8_e4m3 ? 1 : 2;
  for (std::size_t i = step - 1; i < weights.size(); i += step) weights[i] &= std::byte{0xbf};
  const auto activations = input.small_floats(static_cast<std::size_t>(tokens * cols));
  std::vector<std::byte> scratch(matmul_scratch_bytes(cols) + 64);
  const auto address = reinterpret_cast<std::uintptr_t>(scratch.data());
  const auto multiply = [&](const KernelTable& table, int company) {
    std::vector<float> out(static_cast<std::size_t>(rows * tokens));
    for (int token = 0; token < tokens; token += company) {
      table.formats[static_cast<int>(type)].matmul(
          {.weights = weights.data(),
           .row_bytes = row_size,
           .row_count = rows,
           .cols = cols,
           .activations = activations.data() + token * cols,
           .quantized = {},
           .token_count = std::min(company, tokens - token),
           .out = out.data() + token * rows,
           .out_stride = rows,
           .scratch = scratch.data() + (64 - address % 64) % 64});
    }
    return out;
  };
  const auto got = multiply(kernels, tokens);
  CHECK(same_bits(got, multiply(kernels, 1)));
  double largest = 0;
  for (const float x : activations) largest = std::max(largest, std::fabs(double{x}));
  // Weights are below 2 in size here; what cancels leaves the rounding of what was added.
  CHECK(close(got, multiply(reference, tokens), largest * 2 * std::sqrt(double{1} * rows)));
}

}  // namespace
}  // namespace bise::cpu

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bise::cpu;
  if (size < 2) return 0;
  constexpr void (*kTries[])(const KernelTable&, const KernelTable&, Input) = {
      try_unpack, try_quantize, try_elementwise, try_attend, try_matmul};
  const CpuFeatures cpu = detect_cpu_features();
  const KernelTable reference = select_kernels("reference", cpu).value();
  for (const KernelSet& set : kernel_sets()) {
    if (!set.runs_on(cpu)) continue;
    kTries[data[0] % std::size(kTries)](set.kernels(), reference, Input(data + 1, size - 1));
  }
  return 0;
}
