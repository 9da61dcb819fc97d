#include "formats/safetensors/open_folder.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "base/mapped_file.h"
#include "base/text.h"
#include "formats/foreign_file.h"
#include "formats/paths.h"
#include "formats/safetensors/safetensors_file.h"

namespace bise::safetensors {
namespace {

// A configuration takes a few kilobytes; as Json a byte can become some forty.
constexpr std::size_t kConfigBytesMax = 1 << 20;
// Large 3's, with its experts one by one, takes some eight megabytes.
constexpr std::size_t kIndexBytesMax = 32 << 20;
constexpr std::string_view kEnding = ".safetensors";

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Result<Json> read_config(const std::string& path) {
  const std::string text = TRY(read_text_file(path, kConfigBytesMax));
  Result<Json> config = read_json(text);
  if (!config.ok()) {
    Error error = std::move(config).error().in(quoted(path, 400));
    error.message += "; download it again";
    return error;
  }
  if (!config->is_object()) {
    return Error{ErrorCode::corrupt_file, concat(quoted(path, 400), ": expected an object, found ",
                                                 config->kind_name(), "; download it again")};
  }
  return config;
}

Result<WeightIndex> read_index(const std::string& path) {
  const MappedFile map = TRY(MappedFile::open(path));
  const auto bytes = map.bytes();
  if (bytes.size() > kIndexBytesMax) {
    return Error{ErrorCode::corrupt_file,
                 concat(quoted(path, 400), ": larger than the ", kIndexBytesMax,
                        " bytes that an index may have; download it again")};
  }
  Result<WeightIndex> index =
      read_weight_index({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (!index.ok()) return std::move(index).error().in(quoted(path, 400));
  return index;
}

// PREFIX00001-of-00003.safetensors and so on, without an index: all there, and of one model.
Result<WeightFiles> find_shards(const FolderForm& form, const std::string& folder,
                                const std::vector<std::string>& file_names) {
  WeightFiles weights;
  std::string_view count;
  for (const std::string& name : file_names) {
    const std::string_view prefix = form.shard_prefix;
    if (!name.starts_with(prefix) || !name.ends_with(kEnding)) continue;
    const std::string_view middle = std::string_view(name).substr(
        prefix.size(), name.size() - std::min(name.size(), prefix.size() + kEnding.size()));
    if (middle.size() != 14 || middle.substr(5, 4) != "-of-") continue;
    if (weights.names.empty()) count = middle.substr(9);
    if (middle.substr(9) != count) {
      return Error{ErrorCode::corrupt_file,
                   concat(quoted(folder, 400), ": ", quoted(weights.names.front()), " and ",
                          quoted(name), " are parts of different models; keep one of them")};
    }
    weights.names.push_back(name);
  }
  if (weights.names.empty()) return weights;
  std::string found = concat(weights.names.size());
  found.insert(0, 5 - std::min<std::size_t>(5, found.size()), '0');
  if (found == count) return weights;
  return Error{
      ErrorCode::not_found,
      concat(quoted(folder, 400), ": ", weights.names.size(), " of ", count, " parts are there (",
             quoted(weights.names.front()), " is one of them); download the others")};
}

// Copies what begins at no multiple of its element's size: kernels load whole elements.
void align_tensors(std::vector<FileTensor>& tensors, OpenedCheckpoint& opened) {
  for (FileTensor& tensor : tensors) {
    const auto address = reinterpret_cast<std::uintptr_t>(tensor.bytes.data());
    const auto element_bytes = static_cast<std::uintptr_t>(facts(tensor.type).block_bytes);
    if (tensor.bytes.empty() || address % element_bytes == 0) continue;
    auto copy = std::make_unique_for_overwrite<std::byte[]>(tensor.bytes.size());
    std::memcpy(copy.get(), tensor.bytes.data(), tensor.bytes.size());
    tensor.bytes = {copy.get(), tensor.bytes.size()};
    opened.copied_bytes += tensor.bytes.size();
    opened.copies.push_back(std::move(copy));
  }
}

Result<void> check_index(const WeightIndex& index, const OpenedCheckpoint& opened,
                         const std::string& index_path) {
  for (const auto& [tensor, file_number] : index.entries) {
    const std::string& file = index.files[file_number];
    const auto entry = opened.tensor_by_name.find(tensor);
    if (entry != opened.tensor_by_name.end() &&
        file_name_of(opened.files[opened.file_of_tensor[entry->second]]) == file) {
      continue;
    }
    return Error{ErrorCode::corrupt_file,
                 concat(quoted(index_path, 400), ": tensor ", quoted(tensor), " should be in ",
                        quoted(file), ", but is not; download both again")};
  }
  return {};
}

}  // namespace

Result<WeightFiles> find_weights(const FolderForm& form, const std::string& folder,
                                 const std::vector<std::string>& file_names) {
  if (contains(file_names, form.weights)) return WeightFiles{{form.weights}, std::nullopt};
  if (!contains(file_names, form.index)) return find_shards(form, folder, file_names);
  const std::string index_path = join_path(folder, form.index);
  WeightFiles weights;
  weights.index = TRY(read_index(index_path));
  weights.names = weights.index->files;
  std::sort(weights.names.begin(), weights.names.end());
  for (const std::string& name : weights.names) {
    if (std::binary_search(file_names.begin(), file_names.end(), name)) continue;
    return Error{ErrorCode::not_found, concat(quoted(index_path, 400), ": ", quoted(name),
                                              " is not in the folder; download it too")};
  }
  return weights;
}

Result<OpenedCheckpoint> open_folder(const FolderForm& form, const std::string& folder,
                                     const WeightFiles& weights) {
  OpenedCheckpoint opened;
  opened.form = form.form;
  opened.path = folder;
  opened.folder = folder;
  opened.metadata = TRY(read_config(join_path(folder, form.config)));
  for (const std::string& name : weights.names) {
    const std::string path = join_path(folder, name);
    MappedFile map = TRY(MappedFile::open(path));
    Result<std::vector<FileTensor>> tensors = read_safetensors(map.bytes());
    if (!tensors.ok()) {
      if (const auto foreign = foreign_file(map.bytes())) {
        return Error{ErrorCode::corrupt_file, concat(quoted(path, 400), ": ", *foreign)};
      }
      return std::move(tensors).error().in(quoted(path, 400));
    }
    align_tensors(*tensors, opened);
    opened.add_file(std::move(map), std::move(tensors).value());
  }
  if (opened.tensors.empty()) {
    return Error{ErrorCode::corrupt_file,
                 concat(quoted(folder, 400), ": the weight files hold no tensors")};
  }
  TRY_VOID(opened.index_tensors());
  if (weights.index) {
    TRY_VOID(check_index(*weights.index, opened, join_path(folder, form.index)));
  }
  return opened;
}

}  // namespace bise::safetensors
