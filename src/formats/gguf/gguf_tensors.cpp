#include <algorithm>
#include <limits>
#include <string>
#include <unordered_set>

#include "base/text.h"
#include "formats/gguf/gguf_content.h"
#include "formats/opened_checkpoint.h"

namespace bise::gguf {
namespace {

// Experts are stacked, so that even the largest models have some thousands.
constexpr std::size_t kNameBytesMax = 64;
constexpr std::uint32_t kDimensionsMax = 4;
// A name of one byte, one dimension, type and offset.
constexpr std::size_t kTensorInfoBytesMin = 8 + 1 + 4 + 8 + 4 + 8;

struct TypeId {
  std::uint32_t id;
  ElementType type;
};
constexpr TypeId kTypes[] = {
    {0, ElementType::f32},     {1, ElementType::f16},     {2, ElementType::q4_0},
    {3, ElementType::q4_1},    {6, ElementType::q5_0},    {7, ElementType::q5_1},
    {8, ElementType::q8_0},    {10, ElementType::q2_k},   {11, ElementType::q3_k},
    {12, ElementType::q4_k},   {13, ElementType::q5_k},   {14, ElementType::q6_k},
    {20, ElementType::iq4_nl}, {23, ElementType::iq4_xs}, {24, ElementType::i8},
    {25, ElementType::i16},    {26, ElementType::i32},    {27, ElementType::i64},
    {28, ElementType::f64},    {30, ElementType::bf16},   {39, ElementType::mxfp4},
    {40, ElementType::nvfp4},
};

struct OtherType {
  std::uint32_t id;
  const char* name;
};
constexpr OtherType kOtherTypes[] = {
    {9, "q8_1"},   {15, "q8_k"},  {16, "iq2_xxs"}, {17, "iq2_xs"}, {18, "iq3_xxs"},
    {19, "iq1_s"}, {21, "iq3_s"}, {22, "iq2_s"},   {29, "iq1_m"},  {34, "tq1_0"},
    {35, "tq2_0"}, {41, "q1_0"},  {42, "q2_0"},
};

Result<ElementType> element_type(std::uint32_t id) {
  for (const TypeId& known : kTypes) {
    if (known.id == id) return known.type;
  }
  for (const OtherType& other : kOtherTypes) {
    if (other.id != id) continue;
    return Error{ErrorCode::not_supported,
                 concat("is of type ", other.name,
                        ", which is not supported; take the model in another quantisation, "
                        "for example Q4_K_M")};
  }
  return Error{ErrorCode::not_supported,
               concat("is of unknown type ", id,
                      "; the file is damaged or newer than this program, take another one")};
}

// One entry of the tensor list; the data's place is still as the file says.
struct TensorInfo {
  FileTensor tensor;
  std::size_t bytes;
  std::uint64_t offset;
};

Error corrupt(std::string_view name, std::string_view what) {
  return Error{ErrorCode::corrupt_file, concat("tensor ", quoted(name), " ", what)};
}

// The dimensions, outermost first.
Result<std::vector<std::int64_t>> read_shape(ByteReader& in, std::string_view name) {
  const auto dimensions = in.number<std::uint32_t>();
  if (!dimensions) return corrupt(name, "is cut off by the end of the file; download it again");
  if (*dimensions < 1 || *dimensions > kDimensionsMax) {
    return corrupt(name, concat("has ", *dimensions, " dimensions, but 1 to ", kDimensionsMax,
                                " are allowed; the file is damaged, download it again"));
  }
  std::vector<std::int64_t> shape(*dimensions);
  for (std::size_t i = shape.size(); i-- > 0;) {
    const auto length = in.number<std::int64_t>();
    if (!length) return corrupt(name, "is cut off by the end of the file; download it again");
    if (*length < 1) {
      return corrupt(
          name, concat("has a dimension of ", *length, "; the file is damaged, download it again"));
    }
    shape[i] = *length;
  }
  return shape;
}

Result<std::size_t> data_bytes(const FileTensor& tensor) {
  const ElementTypeFacts& type = facts(tensor.type);
  const std::int64_t cols = tensor.shape.back();
  if (cols % type.block_elements != 0) {
    return corrupt(tensor.name,
                   concat("has rows of ", cols, ", no multiple of the ", type.block_elements,
                          " of ", type.name, "; convert the file again"));
  }
  std::optional<std::size_t> bytes = row_bytes(tensor.type, cols);
  for (std::size_t i = 0; i + 1 < tensor.shape.size() && bytes; ++i) {
    const auto length = static_cast<std::size_t>(tensor.shape[i]);
    if (*bytes > std::numeric_limits<std::int64_t>::max() / length) {
      bytes.reset();
    } else {
      bytes = *bytes * length;
    }
  }
  if (!bytes) {
    return corrupt(tensor.name, "is larger than any file; the file is damaged, download it again");
  }
  return *bytes;
}

Result<TensorInfo> read_info(ByteReader& in, std::string_view name) {
  TensorInfo info{};
  info.tensor.name = std::string(name);
  info.tensor.shape = TRY(read_shape(in, name));
  const auto type = in.number<std::uint32_t>();
  const auto offset = in.number<std::uint64_t>();
  if (!type || !offset)
    return corrupt(name, "is cut off by the end of the file; download it again");
  Result<ElementType> element = element_type(*type);
  if (!element.ok()) {
    return Error{element.error().code,
                 concat("tensor ", quoted(name), " ", element.error().message)};
  }
  info.tensor.type = *element;
  info.bytes = TRY(data_bytes(info.tensor));
  info.offset = *offset;
  return info;
}

// Where the data of the file begins: after the list, at a multiple of the alignment.
std::uint64_t data_start(std::size_t list_end, std::uint64_t alignment) {
  const std::uint64_t over = list_end % alignment;
  return over == 0 ? list_end : list_end + (alignment - over);
}

Result<void> place_data(TensorInfo& info, std::uint64_t start, std::uint64_t alignment,
                        std::span<const std::byte> file) {
  if (info.offset % alignment != 0) {
    return corrupt(info.tensor.name, concat("begins at ", info.offset, ", no multiple of ",
                                            alignment, "; convert the file again"));
  }
  const std::uint64_t room = start < file.size() ? file.size() - start : 0;
  if (info.offset > room || info.bytes > room - info.offset) {
    return corrupt(info.tensor.name,
                   concat("reaches past the end of the file (", info.bytes, " bytes at ",
                          info.offset, " of ", room, "); download it again"));
  }
  info.tensor.bytes = file.subspan(static_cast<std::size_t>(start + info.offset), info.bytes);
  return {};
}

}  // namespace

Result<void> read_tensors(ByteReader& in, std::uint64_t tensor_count, std::uint64_t alignment,
                          std::span<const std::byte> file, GgufContent& content) {
  if (tensor_count > std::min<std::uint64_t>(in.remaining() / kTensorInfoBytesMin, kTensorsMax)) {
    return Error{ErrorCode::corrupt_file,
                 concat("the header announces ", tensor_count, " tensors, more than ",
                        tensor_count > kTensorsMax ? "any model has" : "the file has room for",
                        "; download it again")};
  }
  std::vector<TensorInfo> infos;
  infos.reserve(static_cast<std::size_t>(tensor_count));
  std::unordered_set<std::string_view> seen;
  for (std::uint64_t i = 0; i < tensor_count; ++i) {
    const auto name = in.string();
    if (!name || name->empty() || name->size() > kNameBytesMax) {
      return Error{ErrorCode::corrupt_file,
                   concat("tensor ", i + 1, " of ", tensor_count, " ",
                          !name ? "is cut off by the end of the file"
                                : (name->empty() ? "has no name" : "has too long a name"),
                          "; the file is damaged, download it again")};
    }
    if (!seen.insert(*name).second) {
      return corrupt(*name, "is listed twice; convert the file again");
    }
    infos.push_back(TRY(read_info(in, *name)));
  }
  const std::uint64_t start = data_start(in.position(), alignment);
  for (TensorInfo& info : infos) {
    TRY_VOID(place_data(info, start, alignment, file));
    content.tensors.push_back(std::move(info.tensor));
  }
  return check_no_overlap(content.tensors);
}

}  // namespace bise::gguf
