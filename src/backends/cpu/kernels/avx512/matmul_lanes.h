#pragma once

#include "backends/cpu/kernels/intrinsics.h"
#include "backends/cpu/kernels/matmul_shape.h"

namespace bise::cpu::avx512 {
namespace {

// Sixteen rows of weights, one in each 32-bit lane, as the formats (kernels/matmul_formats_*.h) see
// them.
struct Lanes {
  static constexpr int kRows = 16;
  using Ints = __m512i;
  using Floats = __m512;
  using Rows = BlockRows<kRows>;

  // 16 bytes of each row: dword[i] has bytes 4 i to 4 i + 3.
  struct Quad {
    Ints dword[4];
  };
  struct FloatPair {
    Floats low, high;
  };

  [[gnu::always_inline]] static Quad load_quad(const Rows& rows, int offset) {
    Ints four[4];  // rows r, r + 4, r + 8, r + 12
    for (int r = 0; r < 4; ++r) {
      Ints quarters = _mm512_castsi128_si512(load_16(rows.row[r] + offset));
      quarters = _mm512_mask_broadcast_i32x4(quarters, 0x00f0, load_16(rows.row[r + 4] + offset));
      quarters = _mm512_mask_broadcast_i32x4(quarters, 0x0f00, load_16(rows.row[r + 8] + offset));
      four[r] = _mm512_mask_broadcast_i32x4(quarters, 0xf000, load_16(rows.row[r + 12] + offset));
    }
    const Ints low01 = _mm512_unpacklo_epi32(four[0], four[1]);
    const Ints low23 = _mm512_unpacklo_epi32(four[2], four[3]);
    const Ints high01 = _mm512_unpackhi_epi32(four[0], four[1]);
    const Ints high23 = _mm512_unpackhi_epi32(four[2], four[3]);
    return {{_mm512_unpacklo_epi64(low01, low23), _mm512_unpackhi_epi64(low01, low23),
             _mm512_unpacklo_epi64(high01, high23), _mm512_unpackhi_epi64(high01, high23)}};
  }

  [[gnu::always_inline]] static Ints load_dwords(const Rows& rows, int offset) {
    return join(eight_dwords(rows.row, offset), eight_dwords(rows.row + 8, offset));
  }

  [[gnu::always_inline]] static Ints load_bytes(const Rows& rows, int offset) {
    return join(eight_bytes(rows.row, offset), eight_bytes(rows.row + 8, offset));
  }

  // A half of each row.
  [[gnu::always_inline]] static Floats load_halves(const Rows& rows, int offset) {
    const __m128i first = eight_halves(rows.row, offset);
    const __m128i second = eight_halves(rows.row + 8, offset);
    return _mm512_cvtph_ps(_mm256_inserti128_si256(_mm256_castsi128_si256(first), second, 1));
  }

  // Each lane is two halves.
  [[gnu::always_inline]] static FloatPair to_floats(Ints halves) {
    const Ints mask = all_dwords(0xffff);
    return {half_lanes_to_floats(bit_and(halves, mask)),
            half_lanes_to_floats(_mm512_srli_epi32(halves, 16))};
  }

  static Ints all_bytes(int byte) { return _mm512_set1_epi8(static_cast<char>(byte)); }
  static Ints all_dwords(int dword) { return _mm512_set1_epi32(dword); }
  static Ints bit_and(Ints a, Ints b) { return _mm512_and_si512(a, b); }
  static Ints bit_or(Ints a, Ints b) { return _mm512_or_si512(a, b); }
  static Ints sub_8(Ints a, Ints b) { return _mm512_sub_epi8(a, b); }
  static Ints sub_32(Ints a, Ints b) { return _mm512_sub_epi32(a, b); }
  static Ints left_16(Ints x, int bits) {
    return _mm512_slli_epi16(x, static_cast<unsigned>(bits));
  }
  static Ints right_16(Ints x, int bits) {
    return _mm512_srli_epi16(x, static_cast<unsigned>(bits));
  }
  static Ints left_32(Ints x, int bits) {
    return _mm512_slli_epi32(x, static_cast<unsigned>(bits));
  }
  static Ints right_32(Ints x, int bits) {
    return _mm512_srli_epi32(x, static_cast<unsigned>(bits));
  }
  static Ints low_nibbles(Ints bytes) { return bit_and(bytes, all_bytes(15)); }
  static Ints high_nibbles(Ints bytes) { return bit_and(right_16(bytes, 4), all_bytes(15)); }

  // `value` where a and b are equal, else 0.
  static Ints where_equal_bytes(Ints a, Ints b, Ints value) {
    return _mm512_maskz_mov_epi8(_mm512_cmpeq_epi8_mask(a, b), value);
  }
  static Ints where_equal_dwords(Ints a, Ints b, Ints value) {
    return _mm512_maskz_mov_epi32(_mm512_cmpeq_epi32_mask(a, b), value);
  }

  [[gnu::always_inline]] static Ints look_up(const signed char (&table)[16], Ints codes) {
    const __m128i values = _mm_load_si128(reinterpret_cast<const __m128i*>(table));
    return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(values), codes);
  }

  // `pattern` says for each byte of a lane which byte of the lane goes there; 0x80: zero.
  [[gnu::always_inline]] static Ints shuffle(Ints bytes, unsigned pattern) {
    const Ints lane = _mm512_broadcast_i32x4(_mm_setr_epi32(0, 0x04040404, 0x08080808, 0x0c0c0c0c));
    return _mm512_shuffle_epi8(bytes, bit_or(all_dwords(static_cast<int>(pattern)), lane));
  }
  // Byte `index` of each lane in all its bytes.
  static Ints spread_byte(Ints bytes, int index) {
    return shuffle(bytes, 0x01010101u * static_cast<unsigned>(index));
  }

  static Floats as_floats(Ints bits) { return _mm512_castsi512_ps(bits); }
  static Floats mul(Floats x, float factor) { return _mm512_mul_ps(x, _mm512_set1_ps(factor)); }

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

  static Ints join(__m256i low, __m256i high) {
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
  }

  [[gnu::always_inline]] static __m256i eight_dwords(const std::byte* const* rows, int offset) {
    const auto at = [&](int row) { return load_int<int>(rows[row] + offset); };
    return _mm256_setr_epi32(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7));
  }

  [[gnu::always_inline]] static __m256i eight_bytes(const std::byte* const* rows, int offset) {
    const auto at = [&](int row) { return static_cast<int>(rows[row][offset]); };
    return _mm256_setr_epi32(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7));
  }

  [[gnu::always_inline]] static __m128i eight_halves(const std::byte* const* rows, int offset) {
    const auto at = [&](int row) { return load_int<short>(rows[row] + offset); };
    return _mm_setr_epi16(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7));
  }

  // Halves in the lower half of each lane, the upper zero.
  [[gnu::always_inline]] static Floats half_lanes_to_floats(Ints halves) {
    const __m256i packed =
        _mm256_packus_epi32(_mm512_castsi512_si256(halves), _mm512_extracti64x4_epi64(halves, 1));
    return _mm512_cvtph_ps(_mm256_permute4x64_epi64(packed, 0xd8));
  }
};

}  // namespace
}  // namespace bise::cpu::avx512
