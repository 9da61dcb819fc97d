#pragma once

#include <cstddef>
#include <cstdint>

#include "backends/cpu/kernel_table.h"

// What the products of all quantised formats share, whatever the instruction set. Here and in the
// other matmul_*.h of this folder everything has internal linkage, for each instruction set
// compiles its own.

namespace bise::cpu {
namespace {

// A format's numbers, with `u` the weights as they are unpacked:
//   weight = scale * (multiplier of the sub-block) * (u - offset) + minimum
struct Shape {
  int group;         // weights under one float scale: 16, 32, or 256 for the K formats
  int block_groups;  // groups in one block of the file
  int block_bytes;
  int largest;        // u is 0 to this; 0: u is a signed byte
  int sub_block = 0;  // weights under one integer multiplier: 16, 32; 0: there is none
  int offset = 0;
  bool minimum = false;
  // Weights under one integer minimum, which a float minimum multiplies and which is subtracted:
  // 16, 32; 0: minima are floats, and are added.
  int minimum_block = 0;

  constexpr int block_cols() const { return group * block_groups; }
  constexpr int multipliers() const { return sub_block == 0 ? 0 : group / sub_block; }
  constexpr int minimum_pairs() const { return minimum_block == 0 ? 0 : group / minimum_block / 2; }
  // Weights under one integer factor, if it is only 1.
  constexpr int scaled_cols() const { return sub_block == 0 ? group : sub_block; }
};

// Where a block begins in some rows.
template <int kRows>
struct BlockRows {
  const std::byte* row[kRows];
};

// Asks memory for bytes that will be read soon, line after line: a run, then what comes after it.
class Ahead {
 public:
  Ahead(const MatmulTask& task, std::ptrdiff_t bytes)
      : line_(task.weights), left_(bytes), next_line_(task.next), next_left_(task.next_bytes) {}

  [[gnu::always_inline]] void advance(std::ptrdiff_t bytes) {
    owed_ += bytes;
    for (; owed_ > 0; owed_ -= 64, left_ -= 64, line_ += 64) {
      if (left_ <= 0) {
        if (next_left_ <= 0) return;
        line_ = next_line_;
        left_ = next_left_;
        next_left_ = 0;
      }
      __builtin_prefetch(line_);
    }
  }

 private:
  const std::byte* line_;
  std::ptrdiff_t left_;
  const std::byte* next_line_;
  std::ptrdiff_t next_left_;
  std::ptrdiff_t owed_ = 0;
};

inline int least(std::int64_t a, std::int64_t b) {
  return static_cast<int>(a < b ? a : b);
}

}  // namespace
}  // namespace bise::cpu
