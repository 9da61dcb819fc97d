#include "backends/cpu/kernels/avx2/matmul.h"
#include "backends/cpu/kernels/avx2/matmul_loop.h"
#include "backends/cpu/kernels/avx2/matmul_nibbles.h"

// Formats of 256 weights with sub-blocks of 32: Q4_K, Q5_K, IQ4_XS. Offsets as in
// tensor/quant_blocks.h.

namespace bise::cpu::avx2 {
namespace {

// The first 16 bytes of a Q4_K or Q5_K block: two halves, then 8 pairs of 6-bit codes.
template <class Sink>
[[gnu::always_inline]] inline void put_header(const BlockRows& rows, Sink& sink) {
  const Quad header = load_quad(rows, 0);
  const HalfPair floats = to_floats(header.dword[0]);
  sink.scale(floats.low);
  sink.minimum(floats.high);

  const __m256i six = _mm256_set1_epi8(63);
  const __m256i two = _mm256_set1_epi8(3);
  const auto upper = [&](__m256i bytes) { return _mm256_slli_epi16(byte_bits(bytes, 6, two), 4); };
  // Byte i: the code of sub-block i, and of sub-block 4 + i.
  const __m256i scales[2] = {_mm256_and_si256(header.dword[1], six),
                             _mm256_or_si256(low_nibbles(header.dword[3]), upper(header.dword[1]))};
  const __m256i minima[2] = {
      _mm256_and_si256(header.dword[2], six),
      _mm256_or_si256(high_nibbles(header.dword[3]), upper(header.dword[2]))};
#pragma GCC unroll 8
  for (int sub = 0; sub < 8; ++sub) sink.multiplier(sub, unsigned_both(scales[sub / 4], sub % 4));
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) sink.coefficient(i, unsigned_pair(minima[i / 2], i % 2 * 2));
}

struct Q4K {
  static constexpr Shape kShape = {.group = 256,
                                   .block_groups = 1,
                                   .block_bytes = 144,
                                   .chain = 8,
                                   .sub_block = 32,
                                   .minimum = true,
                                   .coefficient_pairs = 4};

  template <class Sink>
  [[gnu::always_inline]] static void unpack(const BlockRows& rows, Sink& sink) {
    put_header(rows, sink);
    // 32 bytes have 32 weights in their low nibbles and 32 in the high ones.
#pragma GCC unroll 8
    for (int piece = 0; piece < 8; ++piece) {
      const int step = piece / 2 * 16 + piece % 2 * 4;
      put_nibbles(load_quad(rows, 16 + piece * 16), step, step + 8, sink,
                  [](__m256i codes, int) { return codes; });
    }
    sink.end_group();
  }
};

struct Q5K {
  static constexpr Shape kShape = {.group = 256,
                                   .block_groups = 1,
                                   .block_bytes = 176,
                                   .chain = 4,
                                   .sub_block = 32,
                                   .minimum = true,
                                   .coefficient_pairs = 4};

  template <class Sink>
  [[gnu::always_inline]] static void unpack(const BlockRows& rows, Sink& sink) {
    put_header(rows, sink);
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
      const Quad high = load_quad(rows, 16 + half * 16);
#pragma GCC unroll 4
      for (int pair = 0; pair < 4; ++pair) {
        const int first = pair * 16 + half * 4;
        put_nibbles(load_quad(rows, 48 + pair * 32 + half * 16), first, first + 8, sink,
                    [&](__m256i codes, int step) {
                      return _mm256_or_si256(codes, fifth_bit(high.dword[step % 4], step / 8));
                    });
      }
    }
    sink.end_group();
  }

  // Bit `index` of every byte as 16 or 0.
  [[gnu::always_inline]] static __m256i fifth_bit(__m256i bytes, int index) {
    const __m256i at_four =
        index < 4 ? _mm256_slli_epi16(bytes, 4 - index) : _mm256_srli_epi16(bytes, index - 4);
    return _mm256_and_si256(at_four, _mm256_set1_epi8(16));
  }
};

// The multipliers are part of the int16 weights: |(code - 32) * value| <= 32 * 127 = 4064, a sum
// of 256 products at most 4064 * 128 * 256 < 2^31.
struct Iq4Xs {
  static constexpr Shape kShape = {.group = 256, .block_groups = 1, .block_bytes = 136, .chain = 0};

  template <class Sink>
  [[gnu::always_inline]] static void unpack(const BlockRows& rows, Sink& sink) {
    const __m256i header = load_dwords(rows, 0);  // scale, upper bits of the codes
    sink.scale(to_floats(header).low);
    const __m256i low = load_dwords(rows, 4);
    for (int sub = 0; sub < 8; ++sub) {
      const __m256i four = _mm256_and_si256(_mm256_srli_epi32(low, sub * 4), _mm256_set1_epi32(15));
      const __m256i two =
          _mm256_and_si256(_mm256_srli_epi32(header, 16 + sub * 2), _mm256_set1_epi32(3));
      const __m256i code =
          _mm256_sub_epi32(_mm256_or_si256(four, _mm256_slli_epi32(two, 4)), _mm256_set1_epi32(32));
      // Both int16 of the dword.
      const __m256i multiplier = _mm256_or_si256(_mm256_slli_epi32(code, 16),
                                                 _mm256_and_si256(code, _mm256_set1_epi32(0xffff)));
      put_sub_block(load_quad(rows, 8 + sub * 16), multiplier, sub * 16, sink);
    }
    sink.end_group();
  }

  template <class Sink>
  [[gnu::always_inline]] static void put_sub_block(const Quad& packed, __m256i multiplier,
                                                   int first, Sink& sink) {
    const auto put = [&](__m256i bytes, int step) {
      sink.wide_weights(step, _mm256_mullo_epi16(even_bytes(bytes), multiplier));
      sink.wide_weights(step + 8, _mm256_mullo_epi16(odd_bytes(bytes), multiplier));
    };
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      put(iq4_values(low_nibbles(packed.dword[i])), first + i);
      put(iq4_values(high_nibbles(packed.dword[i])), first + i + 4);
    }
  }
};

}  // namespace

void install_matmul_k(KernelTable& table) {
  install_format<Q4K>(table, ElementType::q4_k, ActivationKind::int8_256);
  install_format<Q5K>(table, ElementType::q5_k, ActivationKind::int8_256);
  install_format<Iq4Xs>(table, ElementType::iq4_xs, ActivationKind::int8_256);
}

}  // namespace bise::cpu::avx2
