// Any bytes as what describes a model: config.json, params.json or the keys of a GGUF (as JSON; the
// first byte chooses). Read into a specification or refused in one line.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/json.h"
#include "formats/checkpoint.h"
#include "models/read_spec.h"

namespace {

using ReadSpec = bise::Result<bise::ModelSpec> (*)(const bise::Checkpoint&);

void read(bise::CheckpointForm form, ReadSpec read_spec, std::string_view text) {
  bise::Result<bise::Json> config = bise::read_json(text);
  if (!config.ok() || !config->is_object()) return;
  const auto checkpoint = bise::Checkpoint::of_metadata(form, "file", std::move(*config));
  const auto spec = read_spec(checkpoint);
  if (spec.ok()) return;
  CHECK(!spec.error().message.empty());
  CHECK(spec.error().message.find('\n') == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      read(bise::CheckpointForm::hf, bise::spec_from_hf, text);
      break;
    case 1:
      read(bise::CheckpointForm::consolidated, bise::spec_from_params, text);
      break;
    default:
      read(bise::CheckpointForm::gguf, bise::spec_from_gguf, text);
  }
  return 0;
}
