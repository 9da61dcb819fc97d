#pragma once

// The vector intrinsics of the processor. With BISE_SIMDE, SIMDe's emulation of AVX-512 under the
// same names: so the tests run kernels that this machine's processor lacks.
#ifdef BISE_SIMDE
#include "backends/cpu/kernels/emulated_avx512.h"
#else
#include <immintrin.h>
#endif
