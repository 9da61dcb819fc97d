#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "formats/checkpoint.h"
#include "models/model.h"

namespace bise {

// Memory that the system could give this process now.
struct MemoryAvailable {
  std::uint64_t bytes;
  std::string
      limited_by;  // "the machine's free memory", "the limit of this control group (4.0 GB)"
};
// `mapped_bytes` of the model's file are mapped already: they count where address space is limited.
MemoryAvailable memory_available(std::uint64_t mapped_bytes);

// Memory the machine has.
std::uint64_t machine_memory_bytes();

// Peak of this process so far and its size now (resident, mapped files included).
struct ProcessMemory {
  std::uint64_t peak_bytes;
  std::uint64_t resident_bytes;
};
ProcessMemory process_memory();

// What running a model takes. Weights are pages of the file that the system shares between
// processes and may drop; the rest is the process's own.
struct MemoryNeed {
  std::uint64_t weight_bytes;
  std::uint64_t kv_bytes;
  std::uint64_t private_bytes;  // activations, scratch, tokenizer, the program itself
  std::uint64_t total() const { return weight_bytes + kv_bytes + private_bytes; }
};

// Bytes of the tensors that the model reads (vision is left out).
std::uint64_t weight_bytes(const Checkpoint& checkpoint, const ModelSpec& spec);
KvShape kv_shape_of(const ModelSpec& spec, KvElement element);
std::uint64_t kv_bytes(const ModelSpec& spec, KvElement element, std::int64_t context_tokens);
// `threads` as in CpuOptions: 0 for all cores.
MemoryNeed memory_need(const Checkpoint& checkpoint, const ModelSpec& spec, KvElement element,
                       std::int64_t context_tokens, int threads = 0);

// Errors: out_of_memory with both numbers and a remedy.
Result<void> check_memory(const MemoryNeed& need, const std::string& path,
                          std::int64_t context_tokens, const MemoryAvailable& available);

// The context a run gets: `wanted`, or without it the model's own up to kContextDefaultMax, less if
// memory is short. Errors as check_memory; invalid_argument when `wanted` is more than the model
// has.
inline constexpr std::int64_t kContextDefaultMax = 32768;
Result<std::int64_t> choose_context(const Checkpoint& checkpoint, const ModelSpec& spec,
                                    KvElement element, std::optional<std::int64_t> wanted,
                                    const MemoryAvailable& available);

const char* kv_element_name(KvElement element);
std::optional<KvElement> find_kv_element(std::string_view name);

}  // namespace bise
