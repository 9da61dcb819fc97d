#include "backends/cpu/kernels/avx2/matmul.h"
#include "backends/cpu/kernels/avx2/matmul_loop.h"
#include "backends/cpu/kernels/avx2/matmul_nibbles.h"

// Formats in blocks of 32 with one float scale: Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, IQ4_NL. Offsets as in
// tensor/quant_blocks.h.

namespace bise::cpu::avx2 {
namespace {

constexpr auto kAsTheyAre = [](__m256i codes, int) { return codes; };

struct Q4_0 {
  static constexpr Shape kShape = {
      .group = 32, .block_groups = 1, .block_bytes = 18, .chain = 8, .offset = 8};

  template <class Sink>
  [[gnu::always_inline]] static void unpack(const BlockRows& rows, Sink& sink) {
    sink.scale(load_halves(rows, 0));
    put_nibbles(load_quad(rows, 2), 0, 4, sink, kAsTheyAre);
    sink.end_group();
  }
};

// Scale and minimum of a block, at its start.
template <class Sink>
[[gnu::always_inline]] inline void put_scale_and_minimum(const BlockRows& rows, Sink& sink) {
  const HalfPair both = to_floats(load_dwords(rows, 0));
  sink.scale(both.low);
  sink.minimum(both.high);
}

struct Q4_1 {
  static constexpr Shape kShape = {
      .group = 32, .block_groups = 1, .block_bytes = 20, .chain = 8, .minimum = true};

  template <class Sink>
  [[gnu::always_inline]] static void unpack(const BlockRows& rows, Sink& sink) {
    put_scale_and_minimum(rows, sink);
    put_nibbles(load_quad(rows, 4), 0, 4, sink, kAsTheyAre);
    sink.end_group();
  }
};

// The fifth bits of weights 4 step to 4 step + 3, as 16 or 0: bit i of a row's dword is weight i's.
[[gnu::always_inline]] inline __m256i fifth_bits(__m256i bits, int step) {
  const __m256i dword = _mm256_setr_epi32(0, 0x04040404, 0x08080808, 0x0c0c0c0c, 0, 0x04040404,
                                          0x08080808, 0x0c0c0c0c);
  const __m256i byte = _mm256_or_si256(_mm256_set1_epi8(static_cast<char>(step / 2)), dword);
  const __m256i spread = _mm256_shuffle_epi8(bits, byte);
  const __m256i mask = _mm256_set1_epi32(step % 2 == 0 ? 0x08040201 : static_cast<int>(0x80402010));
  const __m256i is_set = _mm256_cmpeq_epi8(_mm256_and_si256(spread, mask), mask);
  return _mm256_and_si256(is_set, _mm256_set1_epi8(16));
}

template <class Sink>
[[gnu::always_inline]] inline void put_five_bits(__m256i bits, const Quad& packed, Sink& sink) {
  put_nibbles(packed, 0, 4, sink, [bits](__m256i codes, int step) {
    return _mm256_or_si256(codes, fifth_bits(bits, step));
  });
}

struct Q5_0 {
  static constexpr Shape kShape = {
      .group = 32, .block_groups = 1, .block_bytes = 22, .chain = 4, .offset = 16};

  template <class Sink>
  [[gnu::always_inline]] static void unpack(const BlockRows& rows, Sink& sink) {
    sink.scale(load_halves(rows, 0));
    put_five_bits(load_dwords(rows, 2), load_quad(rows, 6), sink);
    sink.end_group();
  }
};

struct Q5_1 {
  static constexpr Shape kShape = {
      .group = 32, .block_groups = 1, .block_bytes = 24, .chain = 4, .minimum = true};

  template <class Sink>
  [[gnu::always_inline]] static void unpack(const BlockRows& rows, Sink& sink) {
    put_scale_and_minimum(rows, sink);
    put_five_bits(load_dwords(rows, 4), load_quad(rows, 8), sink);
    sink.end_group();
  }
};

// Signed bytes: a pair of products with 8-bit activations can exceed int16, so int16 weights.
struct Q8_0 {
  static constexpr Shape kShape = {.group = 32, .block_groups = 1, .block_bytes = 34, .chain = 0};

  template <class Sink>
  [[gnu::always_inline]] static void unpack(const BlockRows& rows, Sink& sink) {
    sink.scale(load_halves(rows, 0));
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
      const Quad bytes = load_quad(rows, 2 + half * 16);
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) put_wide(bytes.dword[i], 0, half * 4 + i, sink);
    }
    sink.end_group();
  }
};

struct Iq4Nl {
  static constexpr Shape kShape = {.group = 32, .block_groups = 1, .block_bytes = 18, .chain = 0};

  template <class Sink>
  [[gnu::always_inline]] static void unpack(const BlockRows& rows, Sink& sink) {
    sink.scale(load_halves(rows, 0));
    const Quad packed = load_quad(rows, 2);
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      put_wide(iq4_values(low_nibbles(packed.dword[i])), 0, i, sink);
      put_wide(iq4_values(high_nibbles(packed.dword[i])), 0, i + 4, sink);
    }
    sink.end_group();
  }
};

}  // namespace

void install_matmul_block32(KernelTable& table) {
  using enum ElementType;
  install_format<Q4_0>(table, q4_0, ActivationKind::int8_32);
  install_format<Q4_1>(table, q4_1, ActivationKind::int8_32);
  install_format<Q5_0>(table, q5_0, ActivationKind::int8_32);
  install_format<Q5_1>(table, q5_1, ActivationKind::int8_32);
  install_format<Q8_0>(table, q8_0, ActivationKind::int8_32);
  install_format<Iq4Nl>(table, iq4_nl, ActivationKind::int8_32);
}

void install_matmul(KernelTable& table) {
  install_matmul_block32(table);
  install_matmul_fp4(table);
  install_matmul_k(table);
  install_matmul_k16(table);
}

}  // namespace bise::cpu::avx2
