#pragma once

// The vector intrinsics of the processor. With BISE_SIMDE, SIMDe's emulation under the same names:
// so the tests run kernels that this machine's processor lacks.
#ifdef BISE_SIMDE
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#include <simde/x86/f16c.h>
#include <simde/x86/fma.h>
#else
#include <immintrin.h>
#endif
