#include "formats/gguf/open_gguf.h"

#include <algorithm>
#include <utility>

#include "base/mapped_file.h"
#include "base/text.h"
#include "formats/gguf/gguf_content.h"
#include "formats/paths.h"

namespace bise::gguf {
namespace {

constexpr std::string_view kEnding = ".gguf";
constexpr int kPartsMax = 65535;  // split.count is a u16

struct File {
  MappedFile map;
  GgufContent content;
};

Result<File> read_file(MappedFile map) {
  Result<GgufContent> content = read_gguf(map.bytes());
  if (!content.ok()) return std::move(content).error().in(quoted(map.path(), 400));
  return File{std::move(map), std::move(content).value()};
}

Result<File> open_file(const std::string& path) {
  return read_file(TRY(MappedFile::open(path)));
}

std::optional<int> five_digits(std::string_view text) {
  if (text.size() != 5) return std::nullopt;
  int number = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') return std::nullopt;
    number = number * 10 + (digit - '0');
  }
  return number;
}

std::string five_digits_of(int number) {
  std::string digits = concat(number);
  digits.insert(0, 5 - std::min<std::size_t>(5, digits.size()), '0');
  return digits;
}

// An integer key of the split convention; `absent` when it is not there.
Result<std::int64_t> split_key(const Json& metadata, const char* key, std::int64_t absent) {
  const Json* value = metadata.find(key);
  if (value == nullptr) return absent;
  const std::optional<std::int64_t> number = value->to_int64();
  if (!number || *number < 0) {
    return Error{ErrorCode::corrupt_file, concat("key ", key, " is ", quoted(write_json(*value)),
                                                 ", no count; split the model again")};
  }
  return *number;
}

Error wrong_part(std::string message) {
  return Error{ErrorCode::corrupt_file, std::move(message)};
}

// The first part's own words about the split; 1 when it is no split model.
Result<int> part_count(const Json& metadata, const std::string& path) {
  const std::int64_t count = TRY(split_key(metadata, "split.count", 1));
  if (count <= 1) return 1;
  if (count > kPartsMax)
    return wrong_part(concat("split.count is ", count, "; split the model again"));
  const std::int64_t number = TRY(split_key(metadata, "split.no", 0));
  const std::optional<PartName> name = part_name(path);
  if (number != 0) {
    const std::string first = name ? quoted(path_of_part(*name, 1), 400) : "the first part";
    return Error{ErrorCode::invalid_argument, concat("this is part ", number + 1, " of ", count,
                                                     " of a model; open ", first, " instead")};
  }
  if (!name || name->number != 1 || name->count != count) {
    return wrong_part(concat("this is part 1 of ", count,
                             " of a model, but its name does not end in -00001-of-",
                             five_digits_of(static_cast<int>(count)),
                             ".gguf; the other parts are looked for by that name, so rename it"));
  }
  return static_cast<int>(count);
}

Result<void> check_part(const Json& metadata, int number, int count) {
  const std::int64_t its_number = TRY(split_key(metadata, "split.no", -1));
  const std::int64_t its_count = TRY(split_key(metadata, "split.count", -1));
  if (its_number == number - 1 && its_count == count) return {};
  if (its_number < 0 || its_count < 0) {
    return wrong_part(concat("expected part ", number, " of ", count,
                             " of a model, found a file that is no part; download it again"));
  }
  return wrong_part(concat("expected part ", number, " of ", count, " of a model, found part ",
                           its_number + 1, " of ", its_count, "; download it again"));
}

Result<void> add_parts(OpenedCheckpoint& opened, const std::string& path, int count) {
  const PartName name = *part_name(path);
  for (int number = 2; number <= count; ++number) {
    const std::string part_path = path_of_part(name, number);
    Result<File> part = open_file(part_path);
    if (!part.ok() && part.error().code == ErrorCode::not_found) {
      return Error{ErrorCode::not_found,
                   concat(quoted(part_path, 400), ": part ", number, " of ", count,
                          " of the model is missing; put it beside the first part")};
    }
    if (!part.ok()) return std::move(part).error();
    const Result<void> fits = check_part(part->content.metadata, number, count);
    if (!fits.ok()) return Error(fits.error()).in(quoted(part_path, 400));
    opened.add_file(std::move(part->map), std::move(part->content.tensors));
  }
  const auto found = static_cast<std::int64_t>(opened.tensors.size());
  Result<std::int64_t> expected = split_key(opened.metadata, "split.tensors.count", found);
  if (!expected.ok()) return std::move(expected).error().in(quoted(path, 400));
  if (*expected == found) return {};
  return wrong_part(concat(quoted(path, 400), ": split.tensors.count is ", *expected, ", but the ",
                           count, " parts hold ", found,
                           " tensors; the parts do not belong together, download them again"));
}

// "mmproj" files, which lie beside the text model and are no model of their own.
bool is_vision_tower(const std::string& path) {
  const Result<File> file = open_file(path);
  if (!file.ok()) return false;
  const Json* architecture = file->content.metadata.find("general.architecture");
  return architecture != nullptr && *architecture == Json("clip");
}

}  // namespace

std::optional<PartName> part_name(std::string_view path) {
  // "-00002-of-00005.gguf"
  constexpr std::size_t kTail = 6 + 4 + 5;
  if (!path.ends_with(kEnding)) return std::nullopt;
  path.remove_suffix(kEnding.size());
  if (path.size() < kTail) return std::nullopt;
  const std::string_view tail = path.substr(path.size() - kTail);
  const auto number = five_digits(tail.substr(1, 5));
  const auto count = five_digits(tail.substr(10, 5));
  if (tail[0] != '-' || tail.substr(6, 4) != "-of-" || !number || !count) return std::nullopt;
  if (*number < 1 || *number > *count) return std::nullopt;
  return PartName{std::string(path.substr(0, path.size() - kTail)), *number, *count};
}

std::string path_of_part(const PartName& name, int number) {
  return concat(name.prefix, "-", five_digits_of(number), "-of-", five_digits_of(name.count),
                kEnding);
}

Result<OpenedCheckpoint> open_gguf(MappedFile map) {
  const std::string path = map.path();
  File file = TRY(read_file(std::move(map)));
  OpenedCheckpoint opened;
  opened.form = CheckpointForm::gguf;
  opened.path = path;
  opened.folder = folder_of(path);
  opened.metadata = std::move(file.content.metadata);
  opened.tokenizer = std::move(file.content.tokenizer);
  opened.add_file(std::move(file.map), std::move(file.content.tensors));
  Result<int> count = part_count(opened.metadata, path);
  if (!count.ok()) return std::move(count).error().in(quoted(path, 400));
  if (*count > 1) TRY_VOID(add_parts(opened, path, *count));
  if (opened.tensors.empty()) {
    return Error{ErrorCode::corrupt_file,
                 concat(quoted(path, 400), ": holds no tensors; take a complete model file")};
  }
  TRY_VOID(opened.index_tensors());
  return opened;
}

Result<OpenedCheckpoint> open_only_gguf(const std::string& folder,
                                        const std::vector<std::string>& file_names) {
  std::vector<std::string> candidates;
  for (const std::string& name : file_names) {
    const std::optional<PartName> part = part_name(name);
    if (name.ends_with(kEnding) && (!part || part->number == 1)) candidates.push_back(name);
  }
  if (candidates.size() > 1) {
    std::erase_if(candidates, [&](const std::string& name) {
      return is_vision_tower(join_path(folder, name));
    });
  }
  if (candidates.size() == 1) {
    return open_gguf(TRY(MappedFile::open(join_path(folder, candidates.front()))));
  }
  if (candidates.empty()) {
    return Error{ErrorCode::not_found,
                 concat(quoted(folder, 400), ": holds no complete GGUF model")};
  }
  std::string names = quoted(candidates.front());
  constexpr std::size_t kNamesShown = 5;
  for (std::size_t i = 1; i < std::min(candidates.size(), kNamesShown); ++i) {
    names += concat(", ", quoted(candidates[i]));
  }
  if (candidates.size() > kNamesShown) names += ", ...";
  return Error{ErrorCode::invalid_argument,
               concat(quoted(folder, 400), ": holds ", candidates.size(), " GGUF models (", names,
                      "); name one of them")};
}

}  // namespace bise::gguf
