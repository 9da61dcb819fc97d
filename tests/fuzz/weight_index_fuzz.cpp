// Any bytes as a model.safetensors.index.json: read or refused, and no name leads out of its
// folder.

#include <cstdint>

#include "base/check.h"
#include "formats/safetensors/weight_index.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto index =
      bise::safetensors::read_weight_index({reinterpret_cast<const char*>(data), size});
  if (!index.ok()) return 0;
  for (const std::string& file : index->files) {
    CHECK(!file.empty() && file != "." && file != "..");
    CHECK(file.find('/') == std::string::npos);
  }
  return 0;
}
