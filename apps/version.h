#pragma once

namespace bise {

inline constexpr const char* kVersion = BISE_VERSION;

}  // namespace bise
