#pragma once

#include "backends/cpu/kernels/intrinsics.h"
#include "backends/cpu/kernels/matmul_shape.h"

namespace bise::cpu::avx2 {
namespace {

// Eight rows of weights, one in each 32-bit lane, as the formats (kernels/matmul_formats_*.h) see
// them.
struct Lanes {
  static constexpr int kRows = 8;
  using Ints = __m256i;
  using Floats = __m256;
  using Rows = BlockRows<kRows>;

  // 16 bytes of each row: dword[i] has bytes 4 i to 4 i + 3.
  struct Quad {
    Ints dword[4];
  };
  struct FloatPair {
    Floats low, high;
  };

  [[gnu::always_inline]] static Quad load_quad(const Rows& rows, int offset) {
    Ints pair[4];  // rows r and r + 4
    for (int r = 0; r < 4; ++r) {
      // A broadcast and a blend: Zen 3 inserts from memory once a cycle, but does two of these.
      pair[r] =
          _mm256_blend_epi32(_mm256_castsi128_si256(load_16(rows.row[r] + offset)),
                             _mm256_broadcastsi128_si256(load_16(rows.row[r + 4] + offset)), 0xf0);
    }
    const Ints low01 = _mm256_unpacklo_epi32(pair[0], pair[1]);
    const Ints low23 = _mm256_unpacklo_epi32(pair[2], pair[3]);
    const Ints high01 = _mm256_unpackhi_epi32(pair[0], pair[1]);
    const Ints high23 = _mm256_unpackhi_epi32(pair[2], pair[3]);
    return {{_mm256_unpacklo_epi64(low01, low23), _mm256_unpackhi_epi64(low01, low23),
             _mm256_unpacklo_epi64(high01, high23), _mm256_unpackhi_epi64(high01, high23)}};
  }

  [[gnu::always_inline]] static Ints load_dwords(const Rows& rows, int offset) {
    const auto at = [&](int row) { return load_int<int>(rows.row[row] + offset); };
    return _mm256_setr_epi32(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7));
  }

  [[gnu::always_inline]] static Ints load_bytes(const Rows& rows, int offset) {
    const auto at = [&](int row) { return static_cast<int>(rows.row[row][offset]); };
    return _mm256_setr_epi32(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7));
  }

  // A half of each row.
  [[gnu::always_inline]] static Floats load_halves(const Rows& rows, int offset) {
    const auto at = [&](int row) { return load_int<short>(rows.row[row] + offset); };
    return _mm256_cvtph_ps(_mm_setr_epi16(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7)));
  }

  // Each lane is two halves.
  [[gnu::always_inline]] static FloatPair to_floats(Ints halves) {
    const Ints packed =
        _mm256_packus_epi32(bit_and(halves, all_dwords(0xffff)), _mm256_srli_epi32(halves, 16));
    // low and high of rows 0 to 3; of rows 4 to 7
    const Floats first = _mm256_cvtph_ps(_mm256_castsi256_si128(packed));
    const Floats second = _mm256_cvtph_ps(_mm256_extracti128_si256(packed, 1));
    return {_mm256_permute2f128_ps(first, second, 0x20),
            _mm256_permute2f128_ps(first, second, 0x31)};
  }

  static Ints all_bytes(int byte) { return _mm256_set1_epi8(static_cast<char>(byte)); }
  static Ints all_dwords(int dword) { return _mm256_set1_epi32(dword); }
  static Ints bit_and(Ints a, Ints b) { return _mm256_and_si256(a, b); }
  static Ints bit_or(Ints a, Ints b) { return _mm256_or_si256(a, b); }
  static Ints sub_8(Ints a, Ints b) { return _mm256_sub_epi8(a, b); }
  static Ints sub_32(Ints a, Ints b) { return _mm256_sub_epi32(a, b); }
  static Ints left_16(Ints x, int bits) { return _mm256_slli_epi16(x, bits); }
  static Ints right_16(Ints x, int bits) { return _mm256_srli_epi16(x, bits); }
  static Ints left_32(Ints x, int bits) { return _mm256_slli_epi32(x, bits); }
  static Ints right_32(Ints x, int bits) { return _mm256_srli_epi32(x, bits); }
  static Ints low_nibbles(Ints bytes) { return bit_and(bytes, all_bytes(15)); }
  static Ints high_nibbles(Ints bytes) { return bit_and(right_16(bytes, 4), all_bytes(15)); }

  // `value` where a and b are equal, else 0.
  static Ints where_equal_bytes(Ints a, Ints b, Ints value) {
    return bit_and(_mm256_cmpeq_epi8(a, b), value);
  }
  static Ints where_equal_dwords(Ints a, Ints b, Ints value) {
    return bit_and(_mm256_cmpeq_epi32(a, b), value);
  }

  [[gnu::always_inline]] static Ints look_up(const signed char (&table)[16], Ints codes) {
    const __m128i values = _mm_load_si128(reinterpret_cast<const __m128i*>(table));
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(values), codes);
  }

  // `pattern` says for each byte of a lane which byte of the lane goes there; 0x80: zero.
  [[gnu::always_inline]] static Ints shuffle(Ints bytes, unsigned pattern) {
    const Ints lane = _mm256_setr_epi32(0, 0x04040404, 0x08080808, 0x0c0c0c0c, 0, 0x04040404,
                                        0x08080808, 0x0c0c0c0c);
    return _mm256_shuffle_epi8(bytes, bit_or(all_dwords(static_cast<int>(pattern)), lane));
  }
  // Byte `index` of each lane in all its bytes.
  static Ints spread_byte(Ints bytes, int index) {
    return shuffle(bytes, 0x01010101u * static_cast<unsigned>(index));
  }

  static Floats as_floats(Ints bits) { return _mm256_castsi256_ps(bits); }
  static Floats mul(Floats x, float factor) { return _mm256_mul_ps(x, _mm256_set1_ps(factor)); }

 private:
  static __m128i load_16(const std::byte* from) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  }

  template <class T>
  [[gnu::always_inline]] static T load_int(const std::byte* from) {
    T value;
    __builtin_memcpy(&value, from, sizeof value);
    return value;
  }
};

}  // namespace
}  // namespace bise::cpu::avx2
