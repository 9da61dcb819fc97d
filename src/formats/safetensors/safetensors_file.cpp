#include "formats/safetensors/safetensors_file.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>

#include "base/text.h"
#include "formats/opened_checkpoint.h"
#include "formats/safetensors/json_scanner.h"

namespace bise::safetensors {
namespace {

// Large 3's 70,000 tensors and scales, with its experts one by one, would take some eight megabytes
// in one file. The reference implementation allows 100 MB, which as tensors would take 500 MB here.
constexpr std::uint64_t kHeaderBytesMax = 12'000'000;
constexpr std::size_t kDimensionsMax = 8;

struct ElementName {
  std::string_view name;
  ElementType type;
};
constexpr ElementName kElements[] = {
    {"F32", ElementType::f32}, {"F16", ElementType::f16},         {"BF16", ElementType::bf16},
    {"F64", ElementType::f64}, {"F8_E4M3", ElementType::f8_e4m3}, {"I64", ElementType::i64},
    {"I32", ElementType::i32}, {"I16", ElementType::i16},         {"I8", ElementType::i8},
    {"U8", ElementType::u8},   {"BOOL", ElementType::boolean},
};

Result<ElementType> element_type(std::string_view name) {
  for (const ElementName& known : kElements) {
    if (known.name == name) return known.type;
  }
  return Error{ErrorCode::not_supported,
               concat("is of type ", quoted(name),
                      ", which is not supported; take the model in BF16, F16, F32 or FP8 (E4M3)")};
}

// What the header says of one tensor.
struct Entry {
  std::optional<std::string> element;
  std::optional<std::vector<std::int64_t>> shape;
  std::optional<std::vector<std::int64_t>> offsets;  // begin, end from the header's end
};

Result<std::vector<std::int64_t>> read_counts(JsonScanner& in, std::size_t count_max) {
  std::vector<std::int64_t> counts;
  bool is_first = true;
  TRY_VOID(in.open('['));
  while (TRY(in.next(']', is_first))) {
    counts.push_back(TRY(in.count()));
    if (counts.size() > count_max) {
      return Error{ErrorCode::corrupt_file, concat("has a list of more than ", count_max)};
    }
  }
  return counts;
}

Result<Entry> read_entry(JsonScanner& in) {
  Entry entry;
  bool is_first = true;
  TRY_VOID(in.open('{'));
  while (TRY(in.next('}', is_first))) {
    const std::string field = TRY(in.key());
    if (field == "dtype") {
      entry.element = TRY(in.string());
    } else if (field == "shape") {
      entry.shape = TRY(read_counts(in, kDimensionsMax));
    } else if (field == "data_offsets") {
      entry.offsets = TRY(read_counts(in, 2));
    } else {
      TRY_VOID(in.skip_value());
    }
  }
  return entry;
}

// The product of shape and element size, or nothing when it does not fit in 63 bits.
std::optional<std::size_t> bytes_of(ElementType type, const std::vector<std::int64_t>& shape) {
  std::int64_t elements = 1;
  for (const std::int64_t length : shape) {
    if (length == 0) return 0;
  }
  for (const std::int64_t length : shape) {
    if (elements > std::numeric_limits<std::int64_t>::max() / length) return std::nullopt;
    elements *= length;
  }
  return row_bytes(type, elements);
}

Error corrupt(std::string what) {
  return Error{ErrorCode::corrupt_file, std::move(what)};
}

Result<FileTensor> to_tensor(std::string name, Entry entry, std::span<const std::byte> data) {
  if (!entry.element) return corrupt("has no dtype");
  if (!entry.shape) return corrupt("has no shape");
  if (!entry.offsets || entry.offsets->size() != 2) {
    return corrupt("has no data_offsets of two numbers");
  }
  const ElementType type = TRY(element_type(*entry.element));
  const std::int64_t begin = (*entry.offsets)[0], end = (*entry.offsets)[1];
  if (begin > end) return corrupt(concat("ends at ", end, ", before it begins at ", begin));
  if (static_cast<std::uint64_t>(end) > data.size()) {
    return corrupt(concat("reaches past the end of the file (to byte ", end, " of ", data.size(),
                          " after the header)"));
  }
  const auto expected = bytes_of(type, *entry.shape);
  if (!expected || *expected != static_cast<std::uint64_t>(end - begin)) {
    return corrupt(concat("has ", end - begin, " bytes, but its type and shape make ",
                          expected ? concat(*expected) : std::string("more than any file holds")));
  }
  return FileTensor{std::move(name), type, *std::move(entry.shape),
                    data.subspan(static_cast<std::size_t>(begin), *expected)};
}

Result<std::vector<FileTensor>> read_header(std::string_view header,
                                            std::span<const std::byte> data) {
  JsonScanner in(header);
  std::vector<FileTensor> tensors;
  bool is_first = true;
  TRY_VOID(in.open('{'));
  while (TRY(in.next('}', is_first))) {
    std::string name = TRY(in.key());
    if (name == "__metadata__") {
      TRY_VOID(in.skip_value());
      continue;
    }
    if (name.empty()) return corrupt("a tensor has no name");
    Result<Entry> entry = read_entry(in);
    if (!entry.ok()) return std::move(entry).error().in(concat("tensor ", quoted(name)));
    Result<FileTensor> tensor = to_tensor(name, std::move(entry).value(), data);
    if (!tensor.ok()) {
      return Error{tensor.error().code,
                   concat("tensor ", quoted(name), " ", tensor.error().message)};
    }
    if (tensors.size() == kTensorsMax) {
      return corrupt(concat("lists more than ", kTensorsMax, " tensors, more than any model has"));
    }
    tensors.push_back(std::move(tensor).value());
  }
  TRY_VOID(in.end());
  return tensors;
}

Result<void> check_names(const std::vector<FileTensor>& tensors) {
  std::vector<std::string_view> names;
  names.reserve(tensors.size());
  for (const FileTensor& tensor : tensors) names.push_back(tensor.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return {};
  return corrupt(concat("tensor ", quoted(*twice), " is listed twice; download the file again"));
}

std::optional<std::uint64_t> header_length(std::span<const std::byte> bytes) {
  std::uint64_t length;
  if (bytes.size() < sizeof length) return std::nullopt;
  std::memcpy(&length, bytes.data(), sizeof length);
  return length;
}

}  // namespace

bool looks_like_safetensors(std::span<const std::byte> bytes) {
  const auto length = header_length(bytes);
  return length && *length >= 2 && *length <= kHeaderBytesMax && bytes.size() > 8 &&
         bytes[8] == std::byte{'{'};
}

Result<std::vector<FileTensor>> read_safetensors(std::span<const std::byte> bytes) {
  const auto length = header_length(bytes);
  if (!length) {
    return Error{ErrorCode::corrupt_file,
                 bytes.empty() ? "the file is empty; download it again"
                               : "the file ends inside its header; download it again"};
  }
  if (*length > kHeaderBytesMax) {
    return Error{ErrorCode::corrupt_file,
                 concat("not a safetensors file: its header would take ", *length,
                        " bytes, at most ", kHeaderBytesMax, " are read; download it again")};
  }
  if (*length > bytes.size() - 8) {
    return Error{ErrorCode::corrupt_file, concat("the file ends inside its header of ", *length,
                                                 " bytes; download it again")};
  }
  const auto header = bytes.subspan(8, static_cast<std::size_t>(*length));
  Result<std::vector<FileTensor>> tensors =
      read_header({reinterpret_cast<const char*>(header.data()), header.size()},
                  bytes.subspan(8 + header.size()));
  if (!tensors.ok()) {
    Error error = std::move(tensors).error();
    if (error.code == ErrorCode::corrupt_file) error.message += "; download the file again";
    return std::move(error).in("header");
  }
  TRY_VOID(check_names(*tensors));
  TRY_VOID(check_no_overlap(*tensors));
  std::stable_sort(tensors->begin(), tensors->end(), [](const FileTensor& a, const FileTensor& b) {
    return a.bytes.data() < b.bytes.data();
  });
  return tensors;
}

}  // namespace bise::safetensors
