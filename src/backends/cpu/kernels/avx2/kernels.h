#pragma once

#include "backends/cpu/kernel_table.h"

// What the files of this folder give to install.cpp.

namespace bise::cpu::avx2 {

void quantize_row(const float* row, std::int64_t cols, int group, std::int8_t* values,
                  float* scales, std::int16_t* sums);
void install_elementwise(KernelTable& table);
// Sets matmul_f32, and `formats` and `unpack_row` of the plain types.
void install_matmul_plain(KernelTable& table);
// The block formats.
void install_unpack_row(KernelTable& table);
void install_attend(KernelTable& table);

}  // namespace bise::cpu::avx2
