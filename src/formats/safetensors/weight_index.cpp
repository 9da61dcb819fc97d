#include "formats/safetensors/weight_index.h"

#include <unordered_map>
#include <utility>

#include "base/text.h"
#include "formats/checkpoint.h"
#include "formats/safetensors/json_scanner.h"

namespace bise::safetensors {
namespace {

// A file of the same folder, never a way out of it.
bool is_plain_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\\\0", 3)) == std::string_view::npos;
}

Result<void> read_weight_map(JsonScanner& in, WeightIndex& index) {
  std::unordered_map<std::string, std::uint32_t> number_of_file;
  bool is_first = true;
  TRY_VOID(in.open('{'));
  while (TRY(in.next('}', is_first))) {
    std::string tensor = TRY(in.key());
    std::string file = TRY(in.string());
    if (!is_plain_name(file)) {
      return Error{ErrorCode::corrupt_file,
                   concat("tensor ", quoted(tensor), " is said to be in ", quoted(file),
                          ", which is no name of a file beside the index")};
    }
    const auto next = static_cast<std::uint32_t>(index.files.size());
    const auto [entry, is_new] = number_of_file.emplace(file, next);
    if (is_new) index.files.push_back(std::move(file));
    if (index.entries.size() == kTensorsMax) {
      return Error{ErrorCode::corrupt_file, concat("weight_map names more than ", kTensorsMax,
                                                   " tensors, more than any model has")};
    }
    index.entries.push_back({std::move(tensor), entry->second});
  }
  return {};
}

}  // namespace

Result<WeightIndex> read_weight_index(std::string_view text) {
  WeightIndex index;
  JsonScanner in(text);
  bool is_first = true, has_map = false;
  TRY_VOID(in.open('{'));
  while (TRY(in.next('}', is_first))) {
    const std::string field = TRY(in.key());
    if (field != "weight_map") {
      TRY_VOID(in.skip_value());
      continue;
    }
    if (has_map) return Error{ErrorCode::corrupt_file, "weight_map occurs twice"};
    has_map = true;
    TRY_VOID(read_weight_map(in, index));
  }
  TRY_VOID(in.end());
  if (index.entries.empty()) {
    return Error{ErrorCode::corrupt_file, "has no weight_map with tensors; download it again"};
  }
  return index;
}

}  // namespace bise::safetensors
