#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "formats/checkpoint.h"
#include "sampling/sampling_options.h"
#include "tokenizer/layout.h"

namespace bise {

// What the user said about sampling; the rest is the mode's default.
struct SamplingFlags {
  std::optional<float> temperature, top_p, min_p, typical_p;
  std::optional<int> top_k;
  std::optional<float> repetition_penalty, frequency_penalty, presence_penalty;
  std::optional<std::uint64_t> seed;
};

// Lays the flags over the options.
void apply(const SamplingFlags& flags, SamplingOptions& options);

struct SamplingDefaults {
  SamplingOptions options;
  std::string source;  // "general.sampling.* of the file", "the family's"
};

// How the chat samples when nobody said: as the model's files say (general.sampling.* of a GGUF,
// generation_config.json of a folder), else what its makers advise: 0.15 for the family's instruct
// models, 0.7 with top_p 0.95 for its reasoning models, 0.2 with top_p 0.9 for the starter.
SamplingDefaults sampling_defaults(const Checkpoint& checkpoint, Layout layout);

}  // namespace bise
