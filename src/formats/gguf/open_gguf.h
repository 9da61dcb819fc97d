#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/opened_checkpoint.h"

namespace bise::gguf {

// The model of a GGUF file, with the other parts when it is the first of several. Errors name the
// file.
Result<OpenedCheckpoint> open_gguf(MappedFile map);

// The only model among the GGUF files of a folder: later parts of split models do not count, nor
// does a vision tower beside the one text model. Error: none, or several, which it names.
Result<OpenedCheckpoint> open_only_gguf(const std::string& folder,
                                        const std::vector<std::string>& file_names);

// "model-00002-of-00005.gguf": which part of how many; nothing for other names.
struct PartName {
  std::string prefix;  // "model"
  int number;          // from 1
  int count;
};
std::optional<PartName> part_name(std::string_view path);
std::string path_of_part(const PartName& name, int number);

}  // namespace bise::gguf
