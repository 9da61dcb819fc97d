#include "apps/model_facts.h"

#include <algorithm>
#include <map>
#include <utility>

#include "apps/model_tokenizer.h"

namespace bise {
namespace {

// 2,048 and four times that each, as long as the model can, and the most it can.
std::vector<std::int64_t> context_lengths(std::int64_t most) {
  std::vector<std::int64_t> lengths;
  for (std::int64_t length = 2048; length < most; length *= 4) lengths.push_back(length);
  lengths.push_back(most);
  return lengths;
}

std::vector<PartFacts> parts_of(const Checkpoint& checkpoint) {
  std::map<std::pair<TensorPart, ElementType>, PartFacts> parts;
  for (const FileTensor& tensor : checkpoint.tensors()) {
    const TensorPart part = tensor_part(tensor.name);
    const auto entry =
        parts.try_emplace({part, tensor.type}, PartFacts{part, tensor.type, 0, 0, 0}).first;
    std::uint64_t elements = 1;
    for (const std::int64_t n : tensor.shape) elements *= static_cast<std::uint64_t>(n);
    entry->second.tensors += 1;
    entry->second.elements += elements;
    entry->second.bytes += tensor.bytes.size();
  }
  std::vector<PartFacts> out;
  for (const auto& [key, facts] : parts) out.push_back(facts);
  std::stable_sort(out.begin(), out.end(), [](const PartFacts& a, const PartFacts& b) {
    return a.part != b.part ? a.part < b.part : a.bytes > b.bytes;
  });
  return out;
}

}  // namespace

Result<ModelFacts> read_model_facts(const std::string& path, const std::string& layout) {
  const Checkpoint checkpoint = TRY(Checkpoint::open(path));
  ModelFacts out = {.path = checkpoint.path(),
                    .form = checkpoint.form(),
                    .files = checkpoint.files(),
                    .file_bytes = checkpoint.file_bytes(),
                    .spec = TRY(read_spec(checkpoint)),
                    .parameters = 0,
                    .parts = parts_of(checkpoint),
                    .tokenizer = {},
                    .no_tokenizer = {},
                    .need = {},
                    .memory = {}};
  for (const PartFacts& part : out.parts) {
    if (part.part != TensorPart::vision) out.parameters += part.elements;
  }
  const auto loaded = load_model_tokenizer(checkpoint, layout);
  if (loaded.ok()) {
    out.tokenizer = {loaded->description, layout_name(loaded->settings.layout),
                     loaded->settings.layout_reason};
  } else if (loaded.error().code == ErrorCode::invalid_argument) {
    return loaded.error();  // --layout
  } else {
    out.no_tokenizer = loaded.error().message;
  }
  out.need = memory_need(checkpoint, out.spec, KvElement::f16, 0);
  for (const std::int64_t length : context_lengths(out.spec.context_tokens)) {
    MemoryRow row = {length, {}};
    for (int i = 0; i < kKvElementCount; ++i) {
      const auto element = static_cast<KvElement>(i);
      row.total_bytes[i] = memory_need(checkpoint, out.spec, element, length).total();
    }
    out.memory.push_back(row);
  }
  return out;
}

}  // namespace bise
