#pragma once

#include "backends/cpu/kernel_table.h"

// What the files of this folder give to install.cpp.

namespace bise::cpu::avx512 {

void install_elementwise(KernelTable& table);
// Sets matmul_f32, and `formats` and `unpack_row` of the plain types.
void install_matmul_plain(KernelTable& table);
void install_attend(KernelTable& table);

}  // namespace bise::cpu::avx512
