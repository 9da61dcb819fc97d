#include "formats/gguf/gguf_content.h"

#include <bit>
#include <cstring>
#include <string>

#include "base/text.h"

namespace bise::gguf {
namespace {

constexpr char kMagic[] = {'G', 'G', 'U', 'F'};

Result<std::uint64_t> alignment_of(const Json& metadata) {
  const Json* value = metadata.find("general.alignment");
  if (value == nullptr) return std::uint64_t{32};
  const std::optional<std::int64_t> alignment = value->to_int64();
  // The format asks for multiples of 8; the offsets of numbers in memory rely on it.
  if (!alignment || *alignment < 8 ||
      !std::has_single_bit(static_cast<std::uint64_t>(*alignment))) {
    return Error{ErrorCode::corrupt_file,
                 concat("general.alignment is ", quoted(write_json(*value)),
                        ", but must be a power of two of at least 8; convert the file again")};
  }
  return static_cast<std::uint64_t>(*alignment);
}

Result<void> check_version(std::uint32_t version) {
  if (version == 2 || version == 3) return {};
  if (version != 0 && (version & 0xffff) == 0) {
    return Error{ErrorCode::not_supported,
                 "a GGUF file in big-endian byte order; convert it to little-endian"};
  }
  return Error{ErrorCode::not_supported, concat("GGUF version ", version,
                                                ", but only 2 and 3 are read; convert the model "
                                                "again with a current converter")};
}

}  // namespace

bool has_gguf_magic(std::span<const std::byte> bytes) {
  return bytes.size() >= sizeof kMagic && std::memcmp(bytes.data(), kMagic, sizeof kMagic) == 0;
}

Result<GgufContent> read_gguf(std::span<const std::byte> bytes) {
  if (!has_gguf_magic(bytes)) return Error{ErrorCode::not_supported, "not a GGUF file"};
  ByteReader in(bytes.subspan(0));
  in.take(sizeof kMagic);
  const auto version = in.number<std::uint32_t>();
  if (version) TRY_VOID(check_version(*version));
  const auto tensor_count = in.number<std::uint64_t>();
  const auto key_count = in.number<std::uint64_t>();
  if (!version || !tensor_count || !key_count) {
    return Error{ErrorCode::corrupt_file, "the file ends inside its header; download it again"};
  }
  GgufContent content;
  TRY_VOID(read_metadata(in, *key_count, content));
  const std::uint64_t alignment = TRY(alignment_of(content.metadata));
  TRY_VOID(read_tensors(in, *tensor_count, alignment, bytes, content));
  return content;
}

}  // namespace bise::gguf
