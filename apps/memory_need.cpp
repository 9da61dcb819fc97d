#include "apps/memory_need.h"

#include <sys/resource.h>

#include <algorithm>
#include <limits>

#include "apps/memory_groups.h"
#include "apps/system_files.h"
#include "apps/tensor_parts.h"
#include "apps/units.h"
#include "base/text.h"
#include "base/thread_pool.h"
#include "kv/kv_cache.h"

namespace bise {
namespace {

void keep_lower(MemoryAvailable& best, const std::optional<MemoryAvailable>& other) {
  if (other && other->bytes < best.bytes) best = *other;
}

// `ulimit -v`.
void look_at_address_space(MemoryAvailable& best, std::uint64_t mapped_bytes) {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return;
  const std::string status = read_system_file("/proc/self/status");
  const std::uint64_t used = number_after(status, "VmSize:").value_or(0) * 1024;
  const std::uint64_t left = limit.rlim_cur > used ? limit.rlim_cur - used + mapped_bytes : 0;
  keep_lower(best, MemoryAvailable{left, concat("ulimit -v of ", byte_text(limit.rlim_cur))});
}

// Beside weights and keys and values, for one conversation: the activations of a whole step, a few
// rows of logits, the tokenizer, the program. The constants were fitted to what
// `run --stats` reports (starter and 3B shape); memory_need_test and tests/cli hold them to it.
std::uint64_t private_bytes(const ModelSpec& spec, int threads) {
  constexpr std::uint64_t kStepRows = 512;
  std::uint64_t query = 0, kv = 0, ffn = 0;
  for (const LayerSpec& layer : spec.layers) {
    query = std::max(query, std::uint64_t(layer.query_heads) * layer.head_dim);
    kv = std::max(kv, std::uint64_t(layer.kv_heads) * layer.head_dim);
    ffn = std::max(ffn, std::uint64_t(layer.ffn_dim));
  }
  const std::uint64_t hidden = spec.hidden_dim;
  const std::uint64_t activations = 4 * kStepRows * (hidden + 2 * query + 2 * kv + ffn);
  // The input of a product normed in float32, and quantised with scales.
  const std::uint64_t scratch = kStepRows * (4 * hidden + 5 * std::max(hidden, ffn) / 4);
  // Logits of the model, the session and the sampler, and what the tokenizer keeps of a token.
  constexpr std::uint64_t kBytesPerToken = 4 * 4 + 65;
  constexpr std::uint64_t kProgram = 10'510'000;
  // Stack, scratch and the allocator's share.
  constexpr std::uint64_t kBytesPerThread = 245'000;
  return activations + scratch + std::uint64_t(spec.vocab_size) * kBytesPerToken + kProgram +
         kBytesPerThread *
             static_cast<std::uint64_t>(threads > 0 ? threads : default_thread_count());
}

}  // namespace

MemoryAvailable memory_available(std::uint64_t mapped_bytes) {
  MemoryAvailable best = {std::numeric_limits<std::uint64_t>::max(), "this machine"};
  if (const auto kib = number_after(read_system_file("/proc/meminfo"), "MemAvailable:")) {
    best.bytes = *kib * 1024;
  }
  keep_lower(best, left_in_groups(read_system_file("/proc/self/cgroup"), "/sys/fs/cgroup"));
  look_at_address_space(best, mapped_bytes);
  return best;
}

std::uint64_t machine_memory_bytes() {
  return number_after(read_system_file("/proc/meminfo"), "MemTotal:").value_or(0) * 1024;
}

ProcessMemory process_memory() {
  const std::string status = read_system_file("/proc/self/status");
  return {number_after(status, "VmHWM:").value_or(0) * 1024,
          number_after(status, "VmRSS:").value_or(0) * 1024};
}

std::uint64_t weight_bytes(const Checkpoint& checkpoint, const ModelSpec& spec) {
  std::uint64_t bytes = 0;
  for (const FileTensor& tensor : checkpoint.tensors()) {
    const TensorPart part = tensor_part(tensor.name);
    if (part == TensorPart::vision) continue;
    // Of an embedding that is not the head too, only the rows of tokens that occur are touched.
    if (part == TensorPart::embedding && !spec.tied_head) continue;
    bytes += tensor.bytes.size();
  }
  return bytes;
}

KvShape kv_shape_of(const ModelSpec& spec, KvElement element) {
  const LayerSpec& layer = spec.layers.front();
  return {.layer_count = static_cast<int>(spec.layers.size()),
          .kv_heads = layer.kv_heads,
          .head_dim = layer.head_dim,
          .element = element};
}

std::uint64_t kv_bytes(const ModelSpec& spec, KvElement element, std::int64_t context_tokens) {
  return kv_page_bytes(kv_shape_of(spec, element)) *
         static_cast<std::uint64_t>(page_count_for(context_tokens));
}

MemoryNeed memory_need(const Checkpoint& checkpoint, const ModelSpec& spec, KvElement element,
                       std::int64_t context_tokens, int threads) {
  return {weight_bytes(checkpoint, spec), kv_bytes(spec, element, context_tokens),
          private_bytes(spec, threads)};
}

Result<void> check_memory(const MemoryNeed& need, const std::string& path,
                          std::int64_t context_tokens, const MemoryAvailable& available) {
  if (need.total() <= available.bytes) return {};
  return Error{
      ErrorCode::out_of_memory,
      concat(quoted(path, 400), ": needs ", byte_text(need.total()), " (weights ",
             byte_text(need.weight_bytes), ", keys and values for ", count_text(context_tokens),
             " tokens ", byte_text(need.kv_bytes), ", other ", byte_text(need.private_bytes),
             ") but ", byte_text(available.bytes), " are available (", available.limited_by,
             "): take a smaller --context or --kv q8, a smaller model, or free memory")};
}

Result<std::int64_t> choose_context(const Checkpoint& checkpoint, const ModelSpec& spec,
                                    KvElement element, std::optional<std::int64_t> wanted,
                                    const MemoryAvailable& available) {
  if (wanted && *wanted > spec.context_tokens) {
    return Error{ErrorCode::invalid_argument,
                 concat("--context ", *wanted, " is more than the model's ",
                        count_text(spec.context_tokens), " tokens")};
  }
  const std::int64_t most = std::min(spec.context_tokens, kContextDefaultMax);
  const std::int64_t least = wanted.value_or(std::min<std::int64_t>(most, 2048));
  TRY_VOID(check_memory(memory_need(checkpoint, spec, element, least), checkpoint.path(), least,
                        available));
  if (wanted) return *wanted;
  // As much of the default as fits, in whole thousands of tokens or so, and some left for others.
  std::int64_t context = most;
  while (context > least) {
    const std::uint64_t total = memory_need(checkpoint, spec, element, context).total();
    if (total + total / 20 <= available.bytes) break;
    context = std::max(least, context * 3 / 4 / 256 * 256);
  }
  return context;
}

const char* kv_element_name(KvElement element) {
  static constexpr const char* kNames[] = {"f32", "f16", "bf16", "q8"};
  static_assert(std::size(kNames) == kKvElementCount);
  return kNames[static_cast<int>(element)];
}

std::optional<KvElement> find_kv_element(std::string_view name) {
  for (int i = 0; i < kKvElementCount; ++i) {
    if (name == kv_element_name(static_cast<KvElement>(i))) return static_cast<KvElement>(i);
  }
  return {};
}

}  // namespace bise
