#include "formats/opened_checkpoint.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/text.h"

namespace bise {

void OpenedCheckpoint::add_file(MappedFile map, std::vector<FileTensor> its_tensors) {
  file_bytes += map.bytes().size();
  for (FileTensor& tensor : its_tensors) {
    tensors.push_back(std::move(tensor));
    file_of_tensor.push_back(files.size());
  }
  files.push_back(map.path());
  maps.push_back(std::move(map));
}

Result<void> OpenedCheckpoint::index_tensors() {
  tensor_by_name.reserve(tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const auto [entry, is_new] = tensor_by_name.emplace(tensors[i].name, i);
    if (is_new) continue;
    return Error{ErrorCode::corrupt_file,
                 concat("tensor ", quoted(tensors[i].name), " is in ",
                        quoted(files[file_of_tensor[entry->second]], 400), " and again in ",
                        quoted(files[file_of_tensor[i]], 400),
                        "; the files do not belong together, download them again")};
  }
  return {};
}

Result<void> check_no_overlap(const std::vector<FileTensor>& tensors) {
  std::vector<const FileTensor*> by_place;
  by_place.reserve(tensors.size());
  for (const FileTensor& tensor : tensors) {
    if (!tensor.bytes.empty()) by_place.push_back(&tensor);
  }
  const std::less<const std::byte*> before;
  std::sort(by_place.begin(), by_place.end(), [&](const FileTensor* a, const FileTensor* b) {
    return before(a->bytes.data(), b->bytes.data());
  });
  for (std::size_t i = 1; i < by_place.size(); ++i) {
    const FileTensor& first = *by_place[i - 1];
    const FileTensor& second = *by_place[i];
    if (!before(second.bytes.data(), first.bytes.data() + first.bytes.size())) continue;
    return Error{ErrorCode::corrupt_file,
                 concat("tensors ", quoted(first.name), " and ", quoted(second.name),
                        " share bytes; download or convert the file again")};
  }
  return {};
}

}  // namespace bise
