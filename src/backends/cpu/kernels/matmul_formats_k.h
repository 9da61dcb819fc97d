#pragma once

#include "backends/cpu/kernels/matmul_formats_block.h"

// Formats of 256 weights with integer multipliers: Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_XS. Offsets as
// in tensor/quant_blocks.h. Multipliers and minima reach the sink as bytes: `index` says which of
// the 4 in each lane.

namespace bise::cpu {
namespace {

// Bits 2 `group`, 2 `group` + 1 of every byte.
template <class Lanes>
[[gnu::always_inline]] inline typename Lanes::Ints two_bits(typename Lanes::Ints bytes, int group) {
  return Lanes::bit_and(Lanes::right_16(bytes, group * 2), Lanes::all_bytes(3));
}

// The bits of `mask` of every byte after it was moved left, or right when `left` is negative.
template <class Lanes>
[[gnu::always_inline]] inline typename Lanes::Ints moved_bits(typename Lanes::Ints bytes, int left,
                                                              int mask) {
  const auto moved = left >= 0 ? Lanes::left_16(bytes, left) : Lanes::right_16(bytes, -left);
  return Lanes::bit_and(moved, Lanes::all_bytes(mask));
}

// The first 16 bytes of a Q4_K or Q5_K block: two halves, then 8 pairs of 6-bit codes.
template <class Lanes, class Rows, class Sink>
[[gnu::always_inline]] inline void put_header(const Rows& rows, Sink& sink) {
  const auto header = Lanes::load_quad(rows, 0);
  const auto floats = Lanes::to_floats(header.dword[0]);
  sink.scale(floats.low);
  sink.minimum(floats.high);
  // Byte i of [0]: the code of sub-block i; of [1]: of sub-block 4 + i.
  const auto six = Lanes::all_bytes(63);
  const auto low = Lanes::low_nibbles(header.dword[3]);
  const auto high = Lanes::high_nibbles(header.dword[3]);
  const typename Lanes::Ints scales[2] = {
      Lanes::bit_and(header.dword[1], six),
      Lanes::bit_or(low, moved_bits<Lanes>(header.dword[1], -2, 0x30))};
  const typename Lanes::Ints minima[2] = {
      Lanes::bit_and(header.dword[2], six),
      Lanes::bit_or(high, moved_bits<Lanes>(header.dword[2], -2, 0x30))};
#pragma GCC unroll 8
  for (int sub = 0; sub < 8; ++sub) sink.multiplier(sub, scales[sub / 4], sub % 4);
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) sink.minimum_pair(i, minima[i / 2], i % 2 * 2);
}

template <class Lanes>
struct Q4K {
  static constexpr Shape kShape = {.group = 256,
                                   .block_groups = 1,
                                   .block_bytes = 144,
                                   .largest = 15,
                                   .sub_block = 32,
                                   .minimum = true,
                                   .minimum_block = 32};

  template <class Rows, class Sink>
  [[gnu::always_inline]] static void unpack(const Rows& rows, Sink& sink) {
    put_header<Lanes>(rows, sink);
    // 32 bytes have 32 weights in their low nibbles and 32 in the high ones.
#pragma GCC unroll 8
    for (int piece = 0; piece < 8; ++piece) {
      const int step = piece / 2 * 16 + piece % 2 * 4;
      put_nibbles<Lanes>(Lanes::load_quad(rows, 16 + piece * 16), step, step + 8, sink);
    }
    sink.end_group();
  }
};

template <class Lanes>
struct Q5K {
  static constexpr Shape kShape = {.group = 256,
                                   .block_groups = 1,
                                   .block_bytes = 176,
                                   .largest = 31,
                                   .sub_block = 32,
                                   .minimum = true,
                                   .minimum_block = 32};

  template <class Rows, class Sink>
  [[gnu::always_inline]] static void unpack(const Rows& rows, Sink& sink) {
    put_header<Lanes>(rows, sink);
    // Bit k of a byte of `high` belongs to sub-block k.
    const typename Lanes::Quad high[2] = {Lanes::load_quad(rows, 16), Lanes::load_quad(rows, 32)};
#pragma GCC unroll 8
    for (int piece = 0; piece < 8; ++piece) {
      const int first = piece / 2 * 16 + piece % 2 * 4;
      put_nibbles<Lanes>(Lanes::load_quad(rows, 48 + piece * 16), first, first + 8, sink,
                         [&](typename Lanes::Ints codes, int step) {
                           const auto bits =
                               moved_bits<Lanes>(high[piece % 2].dword[step % 4], 4 - step / 8, 16);
                           return Lanes::bit_or(codes, bits);
                         });
    }
    sink.end_group();
  }
};

template <class Lanes>
struct Iq4Xs {
  static constexpr Shape kShape = {
      .group = 256, .block_groups = 1, .block_bytes = 136, .largest = 0, .sub_block = 32};

  template <class Rows, class Sink>
  [[gnu::always_inline]] static void unpack(const Rows& rows, Sink& sink) {
    const auto header = Lanes::load_dwords(rows, 0);  // scale, upper bits of the codes
    sink.scale(Lanes::to_floats(header).low);
    const auto low = Lanes::load_dwords(rows, 4);
#pragma GCC unroll 8
    for (int sub = 0; sub < 8; ++sub) {
      const auto four = Lanes::bit_and(Lanes::right_32(low, sub * 4), Lanes::all_dwords(15));
      const auto two = Lanes::bit_and(Lanes::right_32(header, 16 + sub * 2), Lanes::all_dwords(3));
      const auto code = Lanes::bit_or(four, Lanes::left_32(two, 4));
      sink.signed_multiplier(sub, Lanes::sub_32(code, Lanes::all_dwords(32)), 0);
      put_iq4<Lanes>(Lanes::load_quad(rows, 8 + sub * 16), sub * 8, sink);
    }
    sink.end_group();
  }
};

// 16 signed codes, 4 in each lane.
template <class Ints, class Sink>
[[gnu::always_inline]] inline void put_signed_codes(const Ints (&codes)[4], Sink& sink) {
#pragma GCC unroll 16
  for (int sub = 0; sub < 16; ++sub) sink.signed_multiplier(sub, codes[sub / 4], sub % 4);
}

template <class Lanes>
struct Q2K {
  static constexpr Shape kShape = {.group = 256,
                                   .block_groups = 1,
                                   .block_bytes = 84,
                                   .largest = 3,
                                   .sub_block = 16,
                                   .minimum = true,
                                   .minimum_block = 16};

  template <class Rows, class Sink>
  [[gnu::always_inline]] static void unpack(const Rows& rows, Sink& sink) {
    const auto floats = Lanes::to_floats(Lanes::load_dwords(rows, 80));
    sink.scale(floats.low);
    sink.minimum(floats.high);
    const auto codes = Lanes::load_quad(rows, 0);
#pragma GCC unroll 16
    for (int sub = 0; sub < 16; ++sub) {
      sink.multiplier(sub, Lanes::low_nibbles(codes.dword[sub / 4]), sub % 4);
    }
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      sink.minimum_pair(i, Lanes::high_nibbles(codes.dword[i / 2]), i % 2 * 2);
    }
#pragma GCC unroll 4
    for (int piece = 0; piece < 4; ++piece) {
      const auto packed = Lanes::load_quad(rows, 16 + piece * 16);
      const int first = piece / 2 * 32 + piece % 2 * 4;
#pragma GCC unroll 16
      for (int i = 0; i < 16; ++i) {
        sink.weights(first + i / 4 * 8 + i % 4, two_bits<Lanes>(packed.dword[i % 4], i / 4));
      }
    }
    sink.end_group();
  }
};

template <class Lanes>
struct Q3K {
  static constexpr Shape kShape = {.group = 256,
                                   .block_groups = 1,
                                   .block_bytes = 110,
                                   .largest = 7,
                                   .sub_block = 16,
                                   .offset = 4};

  template <class Rows, class Sink>
  [[gnu::always_inline]] static void unpack(const Rows& rows, Sink& sink) {
    sink.scale(Lanes::load_halves(rows, 108));
    put_codes(rows, sink);
    // Bit k of a byte of `high` belongs to weights 32 k and up.
    const typename Lanes::Quad high[2] = {Lanes::load_quad(rows, 0), Lanes::load_quad(rows, 16)};
#pragma GCC unroll 4
    for (int piece = 0; piece < 4; ++piece) {
      const auto low = Lanes::load_quad(rows, 32 + piece * 16);
      const int n = piece / 2;
      const int half = piece % 2;
#pragma GCC unroll 16
      for (int i = 0; i < 16; ++i) {
        const auto bit = moved_bits<Lanes>(high[half].dword[i % 4], 2 - n * 4 - i / 4, 4);
        sink.weights(n * 32 + half * 4 + i / 4 * 8 + i % 4,
                     Lanes::bit_or(two_bits<Lanes>(low.dword[i % 4], i / 4), bit));
      }
    }
    sink.end_group();
  }

  // Code k: nibble k / 8 of byte k % 8, upper bits at 2 (k / 4) of byte 8 + k % 4; less 32.
  template <class Rows, class Sink>
  [[gnu::always_inline]] static void put_codes(const Rows& rows, Sink& sink) {
    const typename Lanes::Ints low[2] = {Lanes::load_dwords(rows, 96),
                                         Lanes::load_dwords(rows, 100)};
    const auto upper = Lanes::load_dwords(rows, 104);
    typename Lanes::Ints codes[4];
#pragma GCC unroll 4
    for (int d = 0; d < 4; ++d) {
      const auto four = d < 2 ? Lanes::low_nibbles(low[d]) : Lanes::high_nibbles(low[d - 2]);
      const auto code = Lanes::bit_or(four, Lanes::left_16(two_bits<Lanes>(upper, d), 4));
      codes[d] = Lanes::sub_8(code, Lanes::all_bytes(32));
    }
    put_signed_codes(codes, sink);
  }
};

template <class Lanes>
struct Q6K {
  static constexpr Shape kShape = {.group = 256,
                                   .block_groups = 1,
                                   .block_bytes = 210,
                                   .largest = 63,
                                   .sub_block = 16,
                                   .offset = 32};

  template <class Rows, class Sink>
  [[gnu::always_inline]] static void unpack(const Rows& rows, Sink& sink) {
    sink.scale(Lanes::load_halves(rows, 208));
    put_signed_codes(Lanes::load_quad(rows, 192).dword, sink);
#pragma GCC unroll 4
    for (int piece = 0; piece < 4; ++piece) {
      const int n = piece / 2;
      const int half = piece % 2;
      const auto high = Lanes::load_quad(rows, 128 + n * 32 + half * 16);
#pragma GCC unroll 2
      for (int odd = 0; odd < 2; ++odd) {
        const int first = n * 32 + odd * 8 + half * 4;
        put_nibbles<Lanes>(Lanes::load_quad(rows, n * 64 + odd * 32 + half * 16), first, first + 16,
                           sink, [&](typename Lanes::Ints codes, int step) {
                             const auto bits = moved_bits<Lanes>(high.dword[step % 4],
                                                                 4 - step / 8 % 4 * 2, 0x30);
                             return Lanes::bit_or(codes, bits);
                           });
      }
    }
    sink.end_group();
  }
};

}  // namespace
}  // namespace bise::cpu
