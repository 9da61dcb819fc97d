#include "apps/serve/machine_facts.h"

#include <algorithm>
#include <map>

#include "apps/machine.h"
#include "apps/measure.h"
#include "apps/memory_need.h"
#include "apps/tensor_parts.h"
#include "backends/cpu/select_kernels.h"

namespace bise {
namespace {

// Far larger than the caches of machines that have 64 MB of them.
constexpr std::size_t kBandwidthBytes = std::size_t{256} << 20;

}  // namespace

double measured_bandwidth() {
  ThreadPool pool(default_thread_count());
  return measure_read_bandwidth(pool, kBandwidthBytes).median;
}

api::MachineFacts machine_facts(const std::string& data_folder, const std::string& address) {
  api::MachineFacts machine;
  machine.cpu = processor_name();
  const auto table = cpu::select_kernels("");
  if (table.ok()) machine.isa = table->name;
  machine.cores = default_thread_count();
  machine.memory_bytes = machine_memory_bytes();
  machine.data_folder = data_folder;
  machine.address = address;
  return machine;
}

api::ModelDetails model_details(const Checkpoint& checkpoint, const ModelSpec& spec, KvElement kv,
                                std::int64_t context_tokens) {
  const MemoryNeed need = memory_need(checkpoint, spec, kv, context_tokens);
  api::ModelDetails details = {.architecture = spec.architecture,
                               .file_bytes = checkpoint.file_bytes(),
                               .weight_bytes = need.weight_bytes,
                               .context_bytes = need.kv_bytes,
                               .working_bytes = need.private_bytes};
  std::map<ElementType, std::uint64_t> bytes_by_type;
  for (const FileTensor& tensor : checkpoint.tensors()) {
    const TensorPart part = tensor_part(tensor.name);
    if (part == TensorPart::vision) continue;
    std::uint64_t elements = 1;
    for (const std::int64_t n : tensor.shape) elements *= static_cast<std::uint64_t>(n);
    details.parameters += elements;
    bytes_by_type[tensor.type] += tensor.bytes.size();
    // One row of the embedding is read for a token; where it is the head as well, all of it.
    if (part != TensorPart::embedding || spec.tied_head) {
      details.bytes_per_token += tensor.bytes.size();
    }
  }
  const auto most =
      std::max_element(bytes_by_type.begin(), bytes_by_type.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most != bytes_by_type.end()) details.quantization = bise::facts(most->first).name;
  return details;
}

}  // namespace bise
