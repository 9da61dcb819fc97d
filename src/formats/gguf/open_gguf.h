#pragma once

#include <string>

#include "base/result.h"
#include "formats/opened_checkpoint.h"

namespace bise::gguf {

// The model of a GGUF file, with the other parts when it is the first of several. Errors name the
// file.
Result<OpenedCheckpoint> open_gguf(const std::string& path);

// "model-00002-of-00005.gguf": which part of how many; nothing for other names.
struct PartName {
  std::string prefix;  // "model"
  int number;          // from 1
  int count;
};
std::optional<PartName> part_name(std::string_view path);
std::string path_of_part(const PartName& name, int number);

}  // namespace bise::gguf
