#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/result.h"
#include "formats/checkpoint.h"

namespace bise::safetensors {

// Whether the bytes begin as a safetensors file does: the length of a header that follows.
bool looks_like_safetensors(std::span<const std::byte> bytes);

// Reads and checks the header of a whole file; the tensors, in the order of their data, are views
// into `bytes` and may begin at any address. Errors do not name the file: the caller knows its
// path.
Result<std::vector<FileTensor>> read_safetensors(std::span<const std::byte> bytes);

}  // namespace bise::safetensors
