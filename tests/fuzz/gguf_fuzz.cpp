// Any bytes as a GGUF file: read or refused, and what was read lies inside them.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/check.h"
#include "base/json.h"
#include "formats/gguf/gguf_content.h"
#include "tensor/dequantize.h"

namespace {

// Decodes the first block of a tensor: reading its bytes is what the sanitizer watches.
void touch(const bise::FileTensor& tensor) {
  CHECK(!tensor.bytes.empty());
  const bise::ElementTypeFacts& type = bise::facts(tensor.type);
  volatile std::byte last = tensor.bytes.back();
  (void)last;
  if (!type.is_weight) return;
  std::vector<float> block(static_cast<std::size_t>(type.block_elements));
  bise::dequantize_row(tensor.type)(tensor.bytes.data(), type.block_elements, block.data());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto content = bise::gguf::read_gguf({reinterpret_cast<const std::byte*>(data), size});
  if (!content.ok()) {
    CHECK(!content.error().message.empty());
    return 0;
  }
  std::size_t tensor_bytes = 0, token_bytes = 0;
  for (const bise::FileTensor& tensor : content->tensors) {
    touch(tensor);
    tensor_bytes += tensor.bytes.size();
  }
  for (const std::string_view token : content->tokenizer.tokens) token_bytes += token.size();
  for (const std::string_view merge : content->tokenizer.merges) token_bytes += merge.size();
  // No byte belongs to two of them.
  CHECK(tensor_bytes + token_bytes <= size);
  CHECK(bise::read_json(bise::write_json(content->metadata)).ok());
  return 0;
}
