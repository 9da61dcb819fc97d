#pragma once

#include <cstddef>
#include <cstdint>

#include "base/thread_pool.h"

namespace bise {

// Bytes a second that all threads together read from memory far larger than the caches: median and
// best of several passes. 0 when there is no memory to try it on.
struct BandwidthMeasured {
  double median;
  double best;
};
BandwidthMeasured measure_read_bandwidth(ThreadPool& pool, std::size_t buffer_bytes);

// Arithmetic peaks out of registers, all threads together, operations a second (a multiplication
// and an addition are two). 0 where this processor has no such instruction.
struct ArithmeticMeasured {
  double fp32_fma;
  double int8_dot;
  const char* fp32_instruction;  // "vfmadd, 256 bits"; "" where there is none
  const char* int8_instruction;
};
ArithmeticMeasured measure_arithmetic(ThreadPool& pool);

// Loops of one processor family: run `rounds` rounds and say how many operations that was.
struct ArithmeticLoop {
  double (*run)(std::int64_t rounds);  // null: not here
  const char* instruction;
};
ArithmeticLoop fp32_loop();
ArithmeticLoop int8_loop();

}  // namespace bise
