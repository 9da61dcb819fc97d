#pragma once

#include <cstddef>

namespace bise {

// The system's randomness, good for secrets.
void fill_random(void* bytes, std::size_t count);

}  // namespace bise
