#pragma once

#include <array>
#include <cstdint>

namespace bise {

// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011): four random
// words that are a function of counter and key alone, the same on every machine.
std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                    std::array<std::uint32_t, 2> key);

// The draw for one position of a sequence: uniform in [0, 1), a multiple of 2^-53.
double uniform_draw(std::uint64_t seed, std::uint64_t position);

}  // namespace bise
