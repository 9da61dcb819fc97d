#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace bise::safetensors {

// The weight_map of a model.safetensors.index.json: which tensor lies in which file of the folder.
struct WeightIndex {
  std::vector<std::pair<std::string, std::string>> file_of_tensor;  // (tensor, file name)
  std::vector<std::string> files;                                   // each once, sorted
};

// Errors do not name the index: the caller knows its path.
Result<WeightIndex> read_weight_index(std::string_view text);

}  // namespace bise::safetensors
