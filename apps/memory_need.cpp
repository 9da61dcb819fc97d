#include "apps/memory_need.h"

#include <sys/resource.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "apps/tensor_parts.h"
#include "apps/units.h"
#include "base/mapped_file.h"
#include "base/text.h"
#include "kv/kv_cache.h"

namespace bise {
namespace {

// Files under /proc and /sys have no size: read_text_file cannot map them, so they are read here.
std::string read_system_file(const std::string& path) {
  std::string text;
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return text;
  char part[4096];
  for (std::size_t got; (got = std::fread(part, 1, sizeof part, file)) > 0;) text.append(part, got);
  std::fclose(file);
  return text;
}

std::optional<std::uint64_t> first_number(std::string_view text) {
  const std::size_t at = text.find_first_of("0123456789");
  std::uint64_t value = 0;
  if (at == std::string_view::npos) return {};
  const auto end = std::from_chars(text.data() + at, text.data() + text.size(), value);
  if (end.ec != std::errc()) return {};
  return value;
}

// The number after `key` in lines of "key number".
std::optional<std::uint64_t> number_after(std::string_view text, std::string_view key) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    if (line.starts_with(key)) return first_number(line.substr(key.size()));
    at = end + 1;
  }
  return {};
}

// What a control group (version 2) leaves: its limit less what it holds and cannot drop.
std::optional<MemoryAvailable> left_in_group(const std::string& folder) {
  const std::string limit_text = read_system_file(folder + "/memory.max");
  if (limit_text.empty() || limit_text.starts_with("max")) return {};
  const std::optional<std::uint64_t> limit = first_number(limit_text);
  const std::optional<std::uint64_t> used =
      first_number(read_system_file(folder + "/memory.current"));
  if (!limit || !used) return {};
  const std::string stat = read_system_file(folder + "/memory.stat");
  const std::uint64_t droppable = number_after(stat, "inactive_file ").value_or(0) +
                                  number_after(stat, "active_file ").value_or(0);
  const std::uint64_t held = *used > droppable ? *used - droppable : 0;
  return MemoryAvailable{*limit > held ? *limit - held : 0,
                         concat("the control group's limit of ", byte_text(*limit))};
}

void keep_lower(MemoryAvailable& best, const std::optional<MemoryAvailable>& other) {
  if (other && other->bytes < best.bytes) best = *other;
}

// The process's own group and those around it.
void look_at_groups(MemoryAvailable& best) {
  const std::string groups = read_system_file("/proc/self/cgroup");
  const std::size_t at = groups.find("0::/");
  if (at == std::string::npos) return;
  std::string path = groups.substr(at + 3, groups.find('\n', at) - at - 3);
  while (true) {
    keep_lower(best, left_in_group("/sys/fs/cgroup" + path));
    if (path.empty() || path == "/") break;
    path.resize(path.find_last_of('/'));
  }
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
std::uint64_t private_bytes(const ModelSpec& spec) {
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
  constexpr std::uint64_t kProgram = 11'000'000;
  return activations + scratch + std::uint64_t(spec.vocab_size) * kBytesPerToken + kProgram;
}

}  // namespace

MemoryAvailable memory_available(std::uint64_t mapped_bytes) {
  MemoryAvailable best = {std::numeric_limits<std::uint64_t>::max(), "this machine"};
  if (const auto kib = number_after(read_system_file("/proc/meminfo"), "MemAvailable:")) {
    best.bytes = *kib * 1024;
  }
  look_at_groups(best);
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
                       std::int64_t context_tokens) {
  return {weight_bytes(checkpoint, spec), kv_bytes(spec, element, context_tokens),
          private_bytes(spec)};
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
