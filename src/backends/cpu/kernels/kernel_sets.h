#pragma once

#include "backends/cpu/kernel_table.h"

// The entry of every kernel folder. `install` replaces those entries of a table that the
// instruction set has a faster kernel for.

namespace bise::cpu {

namespace reference {
// Scalar, sums in double: the judge of the others. Complete.
KernelTable kernels();
}  // namespace reference

namespace avx2 {
void install(KernelTable& table);
}  // namespace avx2

namespace avx512 {
void install(KernelTable& table);
}  // namespace avx512

}  // namespace bise::cpu
