#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json.h"
#include "base/mapped_file.h"
#include "formats/checkpoint.h"

namespace bise {

// What the readers of the single formats fill, and Checkpoint shows. Move-only; moving it leaves
// all views valid, since they point into the maps and the buffers of the vectors.
struct OpenedCheckpoint {
  CheckpointForm form = CheckpointForm::gguf;
  std::string path;
  std::string folder;
  std::vector<std::string> files;
  std::uint64_t file_bytes = 0;
  std::uint64_t copied_bytes = 0;
  std::vector<FileTensor> tensors;
  std::vector<std::size_t> file_of_tensor;  // index into files, one for each tensor
  std::unordered_map<std::string_view, std::size_t> tensor_by_name;
  Json metadata;
  Checkpoint::GgufTokenizer tokenizer;
  std::vector<MappedFile> maps;
  std::vector<std::unique_ptr<std::byte[]>> copies;

  // Takes the map and its tensors. Errors are the caller's to prevent: both belong together.
  void add_file(MappedFile map, std::vector<FileTensor> its_tensors);
  // Fills tensor_by_name when all files are there. Error: a name in two files.
  Result<void> index_tensors();
};

// Two tensors whose bytes overlap, as an error that names them; `tensors` all of one file.
Result<void> check_no_overlap(const std::vector<FileTensor>& tensors);

}  // namespace bise
