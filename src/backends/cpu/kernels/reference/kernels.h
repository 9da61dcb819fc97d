#pragma once

#include "backends/cpu/kernel_table.h"

// What the files of this folder give to install.cpp.

namespace bise::cpu::reference {

void quantize_row(const float* row, std::int64_t cols, int group, std::int8_t* values,
                  float* scales, std::int16_t* sums);
void rms_norm(const float* row, const float* gain, std::int64_t cols, float epsilon, float* out);
void swiglu(const float* gate, const float* up, std::int64_t count, float* out);
void add(const float* addend, std::int64_t count, float* sum);

void matmul_f32(const MatmulTask& task);
// Sets `formats` of the plain types: F32, F16, BF16, FP8.
void install_matmul_plain(KernelTable& table);

void install_attend(KernelTable& table);

}  // namespace bise::cpu::reference
