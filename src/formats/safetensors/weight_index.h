#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bise::safetensors {

// The weight_map of a model.safetensors.index.json: which tensor lies in which file of the folder.
struct WeightIndex {
  struct Entry {
    std::string tensor;
    std::uint32_t file;  // index into files
  };
  std::vector<Entry> entries;
  std::vector<std::string> files;  // each once
};

// Errors do not name the index: the caller knows its path.
Result<WeightIndex> read_weight_index(std::string_view text);

}  // namespace bise::safetensors
