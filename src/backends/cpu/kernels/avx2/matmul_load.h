#pragma once

#include <cstddef>

#include "backends/cpu/kernels/intrinsics.h"

// Loads of the same bytes of 8 rows, row by row in the vector's lanes.

namespace bise::cpu::avx2 {
namespace {

// Where a block begins in 8 rows.
struct BlockRows {
  const std::byte* row[8];
};

// Asks memory for bytes that will be read soon, line after line.
class Ahead {
 public:
  Ahead(const std::byte* begin, const std::byte* end) : line_(begin), left_(end - begin) {}

  [[gnu::always_inline]] void advance(std::ptrdiff_t bytes) {
    owed_ += bytes;
    for (; owed_ > 0 && left_ > 0; owed_ -= 64, left_ -= 64, line_ += 64) {
      _mm_prefetch(reinterpret_cast<const char*>(line_), _MM_HINT_T0);
    }
  }

 private:
  const std::byte* line_;
  std::ptrdiff_t left_;
  std::ptrdiff_t owed_ = 0;
};

inline __m128i load16(const std::byte* from) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
}

inline void store(std::byte* to, __m256i value) {
  _mm256_store_si256(reinterpret_cast<__m256i*>(to), value);
}

inline void store(std::byte* to, __m256 value) {
  _mm256_store_ps(reinterpret_cast<float*>(to), value);
}

// 16 bytes of 8 rows: dword[i] has bytes 4i to 4i + 3 of each row.
struct Quad {
  __m256i dword[4];
};

[[gnu::always_inline]] inline Quad load_quad(const BlockRows& rows, int offset) {
  __m256i pair[4];  // rows r and r + 4
  for (int r = 0; r < 4; ++r) {
    // A broadcast and a blend: Zen 3 inserts from memory once a cycle, but does two of these.
    pair[r] =
        _mm256_blend_epi32(_mm256_castsi128_si256(load16(rows.row[r] + offset)),
                           _mm256_broadcastsi128_si256(load16(rows.row[r + 4] + offset)), 0xf0);
  }
  const __m256i low01 = _mm256_unpacklo_epi32(pair[0], pair[1]);
  const __m256i low23 = _mm256_unpacklo_epi32(pair[2], pair[3]);
  const __m256i high01 = _mm256_unpackhi_epi32(pair[0], pair[1]);
  const __m256i high23 = _mm256_unpackhi_epi32(pair[2], pair[3]);
  return {{_mm256_unpacklo_epi64(low01, low23), _mm256_unpackhi_epi64(low01, low23),
           _mm256_unpacklo_epi64(high01, high23), _mm256_unpackhi_epi64(high01, high23)}};
}

[[gnu::always_inline]] inline int dword_at(const std::byte* from) {
  int value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

[[gnu::always_inline]] inline short word_at(const std::byte* from) {
  short value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

[[gnu::always_inline]] inline __m256i load_dwords(const BlockRows& rows, int offset) {
  const auto& r = rows.row;
  return _mm256_setr_epi32(dword_at(r[0] + offset), dword_at(r[1] + offset),
                           dword_at(r[2] + offset), dword_at(r[3] + offset),
                           dword_at(r[4] + offset), dword_at(r[5] + offset),
                           dword_at(r[6] + offset), dword_at(r[7] + offset));
}

[[gnu::always_inline]] inline __m256i load_bytes(const BlockRows& rows, int offset) {
  const auto byte_of = [&](int row) { return static_cast<int>(rows.row[row][offset]); };
  return _mm256_setr_epi32(byte_of(0), byte_of(1), byte_of(2), byte_of(3), byte_of(4), byte_of(5),
                           byte_of(6), byte_of(7));
}

// A half of each row as a float.
[[gnu::always_inline]] inline __m256 load_halves(const BlockRows& rows, int offset) {
  const auto& r = rows.row;
  return _mm256_cvtph_ps(_mm_setr_epi16(word_at(r[0] + offset), word_at(r[1] + offset),
                                        word_at(r[2] + offset), word_at(r[3] + offset),
                                        word_at(r[4] + offset), word_at(r[5] + offset),
                                        word_at(r[6] + offset), word_at(r[7] + offset)));
}

struct HalfPair {
  __m256 low, high;
};

// Each dword is two halves.
[[gnu::always_inline]] inline HalfPair to_floats(__m256i halves) {
  const __m256i packed = _mm256_packus_epi32(_mm256_and_si256(halves, _mm256_set1_epi32(0xffff)),
                                             _mm256_srli_epi32(halves, 16));
  // low and high of rows 0 to 3; of rows 4 to 7
  const __m256 first = _mm256_cvtph_ps(_mm256_castsi256_si128(packed));
  const __m256 second = _mm256_cvtph_ps(_mm256_extracti128_si256(packed, 1));
  return {_mm256_permute2f128_ps(first, second, 0x20), _mm256_permute2f128_ps(first, second, 0x31)};
}

// Bits `shift` to `shift` + width of every byte: mask is 2^width - 1 in every byte.
[[gnu::always_inline]] inline __m256i byte_bits(__m256i bytes, int shift, __m256i mask) {
  return _mm256_and_si256(_mm256_srli_epi16(bytes, shift), mask);
}

[[gnu::always_inline]] inline __m256i low_nibbles(__m256i bytes) {
  return _mm256_and_si256(bytes, _mm256_set1_epi8(15));
}

[[gnu::always_inline]] inline __m256i high_nibbles(__m256i bytes) {
  return byte_bits(bytes, 4, _mm256_set1_epi8(15));
}

// Signed bytes 0 2, and 1 3, of each dword as two int16: the order of int16 weights.
[[gnu::always_inline]] inline __m256i even_bytes(__m256i bytes) {
  return _mm256_srai_epi16(_mm256_slli_epi16(bytes, 8), 8);
}

[[gnu::always_inline]] inline __m256i odd_bytes(__m256i bytes) {
  return _mm256_srai_epi16(bytes, 8);
}

}  // namespace
}  // namespace bise::cpu::avx2
