// Any bytes as a safetensors file: read or refused, and what was read lies inside them.

#include <cstdint>

#include "base/check.h"
#include "formats/safetensors/safetensors_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto tensors =
      bise::safetensors::read_safetensors({reinterpret_cast<const std::byte*>(data), size});
  if (!tensors.ok()) {
    CHECK(!tensors.error().message.empty());
    return 0;
  }
  std::size_t tensor_bytes = 0;
  for (const bise::FileTensor& tensor : *tensors) {
    tensor_bytes += tensor.bytes.size();
    if (tensor.bytes.empty()) continue;
    volatile std::byte first = tensor.bytes.front(), last = tensor.bytes.back();
    (void)first;
    (void)last;
  }
  CHECK(tensor_bytes <= size);
  return 0;
}
