#pragma once

#include "backends/cpu/kernels/matmul_shape.h"

// Formats with float scales only: Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, IQ4_NL, MXFP4, NVFP4. Offsets as in
// tensor/quant_blocks.h.
//
// A Format gives its shape and unpack(rows, sink), which hands one block of some rows to a sink,
// group by group: scales and minima, multipliers, then weights 4 step to 4 step + 3 of the group in
// the 4 bytes of each row's lane. Of the steps under one factor the first comes first and the last
// last. `Lanes` (kernels/<isa>/matmul_lanes.h) has a row in each 32-bit lane of its vectors.

namespace bise::cpu {
namespace {

// 16 bytes of each row: 4 steps from `low` on in the low nibbles, 4 from `high` on in the high
// ones, each code turned into a weight.
template <class Lanes, class Sink, class WeightsOf>
[[gnu::always_inline]] inline void put_nibbles(const typename Lanes::Quad& packed, int low,
                                               int high, Sink& sink, WeightsOf weights_of) {
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    sink.weights(low + i, weights_of(Lanes::low_nibbles(packed.dword[i]), low + i));
    sink.weights(high + i, weights_of(Lanes::high_nibbles(packed.dword[i]), high + i));
  }
}

template <class Lanes, class Sink>
[[gnu::always_inline]] inline void put_nibbles(const typename Lanes::Quad& packed, int low,
                                               int high, Sink& sink) {
  put_nibbles<Lanes>(packed, low, high, sink,
                     [](typename Lanes::Ints codes, int) { return codes; });
}

template <class Lanes>
struct Q4_0 {
  static constexpr Shape kShape = {
      .group = 32, .block_groups = 1, .block_bytes = 18, .largest = 15, .offset = 8};

  template <class Rows, class Sink>
  [[gnu::always_inline]] static void unpack(const Rows& rows, Sink& sink) {
    sink.scale(Lanes::load_halves(rows, 0));
    put_nibbles<Lanes>(Lanes::load_quad(rows, 2), 0, 4, sink);
    sink.end_group();
  }
};

// Scale and minimum of a block, at its start.
template <class Lanes, class Rows, class Sink>
[[gnu::always_inline]] inline void put_scale_and_minimum(const Rows& rows, Sink& sink) {
  const auto both = Lanes::to_floats(Lanes::load_dwords(rows, 0));
  sink.scale(both.low);
  sink.minimum(both.high);
}

template <class Lanes>
struct Q4_1 {
  static constexpr Shape kShape = {
      .group = 32, .block_groups = 1, .block_bytes = 20, .largest = 15, .minimum = true};

  template <class Rows, class Sink>
  [[gnu::always_inline]] static void unpack(const Rows& rows, Sink& sink) {
    put_scale_and_minimum<Lanes>(rows, sink);
    put_nibbles<Lanes>(Lanes::load_quad(rows, 4), 0, 4, sink);
    sink.end_group();
  }
};

// The fifth bits of weights 4 step to 4 step + 3, as 16 or 0: bit i of a row's lane is weight i's.
template <class Lanes>
[[gnu::always_inline]] inline typename Lanes::Ints fifth_bits(typename Lanes::Ints bits, int step) {
  const auto mask = Lanes::all_dwords(step % 2 == 0 ? 0x08040201 : static_cast<int>(0x80402010u));
  const auto byte = Lanes::spread_byte(bits, step / 2);
  return Lanes::where_equal_bytes(Lanes::bit_and(byte, mask), mask, Lanes::all_bytes(16));
}

template <class Lanes, class Sink>
[[gnu::always_inline]] inline void put_five_bits(typename Lanes::Ints bits,
                                                 const typename Lanes::Quad& packed, Sink& sink) {
  put_nibbles<Lanes>(packed, 0, 4, sink, [bits](typename Lanes::Ints codes, int step) {
    return Lanes::bit_or(codes, fifth_bits<Lanes>(bits, step));
  });
}

template <class Lanes>
struct Q5_0 {
  static constexpr Shape kShape = {
      .group = 32, .block_groups = 1, .block_bytes = 22, .largest = 31, .offset = 16};

  template <class Rows, class Sink>
  [[gnu::always_inline]] static void unpack(const Rows& rows, Sink& sink) {
    sink.scale(Lanes::load_halves(rows, 0));
    put_five_bits<Lanes>(Lanes::load_dwords(rows, 2), Lanes::load_quad(rows, 6), sink);
    sink.end_group();
  }
};

template <class Lanes>
struct Q5_1 {
  static constexpr Shape kShape = {
      .group = 32, .block_groups = 1, .block_bytes = 24, .largest = 31, .minimum = true};

  template <class Rows, class Sink>
  [[gnu::always_inline]] static void unpack(const Rows& rows, Sink& sink) {
    put_scale_and_minimum<Lanes>(rows, sink);
    put_five_bits<Lanes>(Lanes::load_dwords(rows, 4), Lanes::load_quad(rows, 8), sink);
    sink.end_group();
  }
};

template <class Lanes>
struct Q8_0 {
  static constexpr Shape kShape = {.group = 32, .block_groups = 1, .block_bytes = 34, .largest = 0};

  template <class Rows, class Sink>
  [[gnu::always_inline]] static void unpack(const Rows& rows, Sink& sink) {
    sink.scale(Lanes::load_halves(rows, 0));
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
      const auto bytes = Lanes::load_quad(rows, 2 + half * 16);
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) sink.signed_weights(half * 4 + i, bytes.dword[i]);
    }
    sink.end_group();
  }
};

// kIq4Values of tensor/quant_blocks.h, for files of one instruction set share no variables.
alignas(16) constexpr signed char kValuesOfIq4[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                                      1,    13,   25,  38,  53,  69,  89,  113};

// 16 bytes of each row: 32 weights.
template <class Lanes, class Sink>
[[gnu::always_inline]] inline void put_iq4(const typename Lanes::Quad& packed, int first,
                                           Sink& sink) {
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    const auto low = Lanes::low_nibbles(packed.dword[i]);
    const auto high = Lanes::high_nibbles(packed.dword[i]);
    sink.signed_weights(first + i, Lanes::look_up(kValuesOfIq4, low));
    sink.signed_weights(first + i + 4, Lanes::look_up(kValuesOfIq4, high));
  }
}

template <class Lanes>
struct Iq4Nl {
  static constexpr Shape kShape = {.group = 32, .block_groups = 1, .block_bytes = 18, .largest = 0};

  template <class Rows, class Sink>
  [[gnu::always_inline]] static void unpack(const Rows& rows, Sink& sink) {
    sink.scale(Lanes::load_halves(rows, 0));
    put_iq4<Lanes>(Lanes::load_quad(rows, 2), 0, sink);
    sink.end_group();
  }
};

// MXFP4 and NVFP4: the weights are twice the 4-bit number plus 12 (kE2m1ValuesDoubled of
// tensor/quant_blocks.h), the scale is halved.
constexpr int kOffsetOfFp4 = 12;
alignas(16) constexpr signed char kValuesOfFp4[16] = {12, 13, 14, 15, 16, 18, 20, 24,
                                                      12, 11, 10, 9,  8,  6,  4,  0};

template <class Lanes>
struct Mxfp4 {
  static constexpr Shape kShape = {
      .group = 32, .block_groups = 1, .block_bytes = 17, .largest = 24, .offset = kOffsetOfFp4};

  template <class Rows, class Sink>
  [[gnu::always_inline]] static void unpack(const Rows& rows, Sink& sink) {
    sink.scale(half_of_power(Lanes::load_bytes(rows, 0)));
    put_nibbles<Lanes>(Lanes::load_quad(rows, 1), 0, 4, sink, [](typename Lanes::Ints codes, int) {
      return Lanes::look_up(kValuesOfFp4, codes);
    });
    sink.end_group();
  }

  // 2^(e - 128); e = 0 is 2^-128, subnormal as its double; e = 255 is NaN.
  [[gnu::always_inline]] static typename Lanes::Floats half_of_power(
      typename Lanes::Ints exponents) {
    const auto fraction_bit = Lanes::all_dwords(0x00400000);
    const auto of_least = Lanes::where_equal_dwords(exponents, Lanes::all_dwords(0), fraction_bit);
    const auto of_nan = Lanes::where_equal_dwords(exponents, Lanes::all_dwords(255), fraction_bit);
    const auto bits = Lanes::bit_or(Lanes::left_32(exponents, 23), Lanes::bit_or(of_least, of_nan));
    return Lanes::mul(Lanes::as_floats(bits), 0.5f);
  }
};

template <class Lanes>
struct Nvfp4 {
  static constexpr Shape kShape = {
      .group = 16, .block_groups = 4, .block_bytes = 36, .largest = 24, .offset = kOffsetOfFp4};

  template <class Rows, class Sink>
  [[gnu::always_inline]] static void unpack(const Rows& rows, Sink& sink) {
    const auto scales = Lanes::load_dwords(rows, 0);
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
      const auto packed = Lanes::load_quad(rows, 4 + half * 16);
#pragma GCC unroll 2
      for (int sub = 0; sub < 2; ++sub) {
        sink.scale(half_of_ue4m3(Lanes::right_32(scales, (half * 2 + sub) * 8)));
#pragma GCC unroll 2
        for (int i = 0; i < 2; ++i) {
          const auto low = Lanes::low_nibbles(packed.dword[sub * 2 + i]);
          const auto high = Lanes::high_nibbles(packed.dword[sub * 2 + i]);
          sink.weights(i, Lanes::look_up(kValuesOfFp4, low));
          sink.weights(i + 2, Lanes::look_up(kValuesOfFp4, high));
        }
        sink.end_group();
      }
    }
  }

  // The lowest byte of each lane; its uppermost bit is ignored, but only 0x7f without it is 0.
  // Exponent and mantissa at a float's place are the number times 2^-120, subnormals too.
  [[gnu::always_inline]] static typename Lanes::Floats half_of_ue4m3(typename Lanes::Ints codes) {
    const auto code = Lanes::bit_and(codes, Lanes::all_dwords(0xff));
    const auto number = Lanes::bit_and(code, Lanes::all_dwords(0x7f));
    const auto zero = Lanes::where_equal_dwords(code, Lanes::all_dwords(0x7f), number);
    const auto bits = Lanes::left_32(Lanes::sub_32(number, zero), 20);
    return Lanes::mul(Lanes::as_floats(bits), 0x1p119f);
  }
};

}  // namespace
}  // namespace bise::cpu
