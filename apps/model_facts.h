#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "apps/memory_need.h"
#include "apps/tensor_parts.h"
#include "base/json.h"
#include "base/result.h"
#include "formats/checkpoint.h"
#include "models/model_spec.h"

namespace bise {

// Tensors of one part in one format.
struct PartFacts {
  TensorPart part;
  ElementType type;
  int tensors;
  std::uint64_t elements;
  std::uint64_t bytes;
};

struct MemoryRow {
  std::int64_t context_tokens;
  std::array<std::uint64_t, kKvElementCount> total_bytes;  // by KvElement
};

struct TokenizerFacts {
  std::string description;
  std::string layout;
  std::string layout_reason;
};

// What `bise show` tells.
struct ModelFacts {
  std::string path;
  CheckpointForm form;
  std::vector<std::string> files;
  std::uint64_t file_bytes;
  ModelSpec spec;
  std::uint64_t parameters;      // of the text model
  std::vector<PartFacts> parts;  // by part, of each the largest format first
  std::optional<TokenizerFacts> tokenizer;
  std::string no_tokenizer;  // why there is none
  MemoryNeed need;           // with an empty cache
  std::vector<MemoryRow> memory;
};

// Errors as Checkpoint::open and read_spec.
Result<ModelFacts> read_model_facts(const std::string& path, const std::string& layout);

Json to_json(const ModelFacts& facts);
std::string to_text(const ModelFacts& facts);

}  // namespace bise
