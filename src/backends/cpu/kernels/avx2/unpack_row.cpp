#include "backends/cpu/kernels/avx2/kernels.h"
#include "backends/cpu/kernels/intrinsics.h"
#include "tensor/quant_blocks.h"

// Block formats to floats, bit for bit as tensor's decoders: each step rounds as it does there, so
// nothing is fused.

namespace bise::cpu::avx2 {
namespace {

float number(Half half) {
  return _cvtsh_ss(half.bits);
}

__m256 floats_of_signed(__m128i bytes) {
  return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
}

// 16 signed bytes times `scale`.
void store_scaled(__m128i bytes, __m256 scale, float* out) {
  _mm256_storeu_ps(out, _mm256_mul_ps(scale, floats_of_signed(bytes)));
  _mm256_storeu_ps(out + 8,
                   _mm256_mul_ps(scale, floats_of_signed(_mm_unpackhi_epi64(bytes, bytes))));
}

// 16 signed bytes times `scale`, plus `offset`.
void store_scaled_moved(__m128i bytes, __m256 scale, __m256 offset, float* out) {
  const __m256 low = _mm256_mul_ps(scale, floats_of_signed(bytes));
  const __m256 high = _mm256_mul_ps(scale, floats_of_signed(_mm_unpackhi_epi64(bytes, bytes)));
  _mm256_storeu_ps(out, _mm256_add_ps(low, offset));
  _mm256_storeu_ps(out + 8, _mm256_add_ps(high, offset));
}

__m128i load_bytes(const void* bytes) {
  return _mm_loadu_si128(static_cast<const __m128i*>(bytes));
}

__m128i low_nibbles(__m128i bytes) {
  return _mm_and_si128(bytes, _mm_set1_epi8(15));
}

__m128i high_nibbles(__m128i bytes) {
  return low_nibbles(_mm_srli_epi16(bytes, 4));
}

void unpack_block(const Q8_0Block& block, float* out) {
  const __m256 scale = _mm256_set1_ps(number(block.scale));
  store_scaled(load_bytes(block.quants), scale, out);
  store_scaled(load_bytes(block.quants + 16), scale, out + 16);
}

void unpack_block(const Q4_0Block& block, float* out) {
  const __m256 scale = _mm256_set1_ps(number(block.scale));
  const __m128i packed = load_bytes(block.packed_quants), eight = _mm_set1_epi8(8);
  store_scaled(_mm_sub_epi8(low_nibbles(packed), eight), scale, out);
  store_scaled(_mm_sub_epi8(high_nibbles(packed), eight), scale, out + 16);
}

void unpack_block(const Q4_1Block& block, float* out) {
  const __m256 scale = _mm256_set1_ps(number(block.scale));
  const __m256 min = _mm256_set1_ps(number(block.min));
  const __m128i packed = load_bytes(block.packed_quants);
  store_scaled_moved(low_nibbles(packed), scale, min, out);
  store_scaled_moved(high_nibbles(packed), scale, min, out + 16);
}

void unpack_block(const Q4_KBlock& block, float* out) {
  const float scale_of_scales = number(block.scale_of_scales);
  const float scale_of_mins = number(block.scale_of_mins);
  const std::uint8_t* packed = block.packed_scales;
  for (int sub = 0; sub < 8; ++sub) {
    const bool first = sub < 4;
    const int scale_code =
        first ? packed[sub] & 63 : (packed[sub + 4] & 15) | packed[sub - 4] >> 6 << 4;
    const int min_code =
        first ? packed[sub + 4] & 63 : packed[sub + 4] >> 4 | packed[sub] >> 6 << 4;
    const __m256 scale = _mm256_set1_ps(scale_of_scales * static_cast<float>(scale_code));
    // Adding the negated minimum is subtracting it.
    const __m256 min = _mm256_set1_ps(-(scale_of_mins * static_cast<float>(min_code)));
    for (int half = 0; half < 2; ++half) {
      const __m128i bytes = load_bytes(block.packed_quants + sub / 2 * 32 + half * 16);
      const __m128i quants = sub % 2 == 0 ? low_nibbles(bytes) : high_nibbles(bytes);
      store_scaled_moved(quants, scale, min, out + sub * 32 + half * 16);
    }
  }
}

void unpack_block(const Q6_KBlock& block, float* out) {
  const float scale_of_scales = number(block.scale_of_scales);
  for (int sub = 0; sub < 16; ++sub) {
    const int half = sub / 8, group = sub % 8 / 2, l = sub % 2 * 16;
    const __m128i bytes = load_bytes(block.packed_low + half * 64 + group % 2 * 32 + l);
    const __m128i low = group < 2 ? low_nibbles(bytes) : high_nibbles(bytes);
    const __m128i high_bytes = load_bytes(block.packed_high + half * 32 + l);
    const __m128i high =
        _mm_and_si128(_mm_srl_epi16(high_bytes, _mm_cvtsi32_si128(group * 2)), _mm_set1_epi8(3));
    const __m128i quants = _mm_or_si128(low, _mm_slli_epi16(high, 4));
    const __m256 scale = _mm256_set1_ps(scale_of_scales * static_cast<float>(block.scales[sub]));
    store_scaled(_mm_sub_epi8(quants, _mm_set1_epi8(32)), scale, out + sub * 16);
  }
}

template <class Block, int kElements>
void unpack(const std::byte* row, std::int64_t elements, float* out) {
  for (std::int64_t first = 0; first < elements; first += kElements) {
    Block block;  // a copy: the row may lie at any address
    __builtin_memcpy(&block, row, sizeof block);
    unpack_block(block, out + first);
    row += sizeof block;
  }
}

}  // namespace

void install_unpack_row(KernelTable& table) {
  table.unpack_row[static_cast<int>(ElementType::q8_0)] = unpack<Q8_0Block, 32>;
  table.unpack_row[static_cast<int>(ElementType::q4_0)] = unpack<Q4_0Block, 32>;
  table.unpack_row[static_cast<int>(ElementType::q4_1)] = unpack<Q4_1Block, 32>;
  table.unpack_row[static_cast<int>(ElementType::q4_k)] = unpack<Q4_KBlock, 256>;
  table.unpack_row[static_cast<int>(ElementType::q6_k)] = unpack<Q6_KBlock, 256>;
}

}  // namespace bise::cpu::avx2
