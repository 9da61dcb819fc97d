#pragma once

#include "backends/cpu/kernel_table.h"

// What the files of this folder give to install.cpp.

namespace bise::cpu::avx2 {

void quantize_row(const float* row, std::int64_t cols, int group, std::int8_t* values,
                  float* scales, std::int16_t* sums);
void rms_norm(const float* row, const float* gain, std::int64_t cols, float epsilon, float* out);
void swiglu(const float* gate, const float* up, std::int64_t count, float* out);
void add(const float* addend, std::int64_t count, float* sum);

// Sets matmul_f32 and `formats` of the plain types.
void install_matmul_plain(KernelTable& table);
void install_unpack_row(KernelTable& table);
void install_attend(KernelTable& table);

}  // namespace bise::cpu::avx2
