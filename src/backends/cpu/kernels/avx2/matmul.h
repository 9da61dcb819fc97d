#pragma once

#include "backends/cpu/kernel_table.h"

namespace bise::cpu::avx2 {

// Sets `formats` of every quantised type.
void install_matmul(KernelTable& table);

// Its parts, a file each.
void install_matmul_block32(KernelTable& table);
void install_matmul_fp4(KernelTable& table);
void install_matmul_k(KernelTable& table);
void install_matmul_k16(KernelTable& table);

}  // namespace bise::cpu::avx2
