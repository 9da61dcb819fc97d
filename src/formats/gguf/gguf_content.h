#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "formats/checkpoint.h"
#include "formats/gguf/byte_reader.h"

namespace bise::gguf {

// What one GGUF file says. Tensors and token arrays are views into the bytes it was read from.
struct GgufContent {
  Json metadata = Json::object();
  Checkpoint::GgufTokenizer tokenizer;
  std::vector<FileTensor> tensors;
};

// Whether the bytes begin as a GGUF file does.
bool has_gguf_magic(std::span<const std::byte> bytes);

// Reads and checks a whole file. Errors do not name it: the caller knows its path.
Result<GgufContent> read_gguf(std::span<const std::byte> bytes);

// The parts of the above, in the order they have in the file: `key_count` keys with their values,
// then `tensor_count` tensors and their data, which begins at the next multiple of `alignment`.
Result<void> read_metadata(ByteReader& in, std::uint64_t key_count, GgufContent& content);
Result<void> read_tensors(ByteReader& in, std::uint64_t tensor_count, std::uint64_t alignment,
                          std::span<const std::byte> file, GgufContent& content);

}  // namespace bise::gguf
