#pragma once

#include "backends/cpu/kernel_table.h"

namespace bise::cpu::avx2 {

// Sets `formats` of every quantised type.
void install_matmul(KernelTable& table);

// Its parts, a file each so that they compile side by side.
void install_matmul_block32(KernelTable& table);  // Q4_0, Q4_1, Q5_0, Q5_1, Q8_0
void install_matmul_4_bit(KernelTable& table);    // IQ4_NL, MXFP4, NVFP4
void install_matmul_k(KernelTable& table);        // Q4_K, Q5_K, IQ4_XS: sub-blocks of 32
void install_matmul_k16(KernelTable& table);      // Q2_K, Q3_K, Q6_K: sub-blocks of 16

}  // namespace bise::cpu::avx2
