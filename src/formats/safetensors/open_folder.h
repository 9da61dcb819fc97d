#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "formats/opened_checkpoint.h"
#include "formats/safetensors/weight_index.h"

namespace bise::safetensors {

// The two ways in which a folder holds a model in safetensors files.
struct FolderForm {
  CheckpointForm form;
  const char* config;        // what says what the model is
  const char* weights;       // all weights in one file,
  const char* shard_prefix;  // or in several, PREFIX00001-of-00002.safetensors,
  const char* index;         // which this lists
};
inline constexpr FolderForm kHuggingFace = {CheckpointForm::hf, "config.json", "model.safetensors",
                                            "model-", "model.safetensors.index.json"};
inline constexpr FolderForm kConsolidated = {CheckpointForm::consolidated, "params.json",
                                             "consolidated.safetensors", "consolidated-",
                                             "consolidated.safetensors.index.json"};

// The files that make up the weights, sorted, all of them there; none when the folder has no file
// of this form.
struct WeightFiles {
  std::vector<std::string> names;
  std::optional<WeightIndex> index;
};

// Error: what is missing or wrong.
Result<WeightFiles> find_weights(const FolderForm& form, const std::string& folder,
                                 const std::vector<std::string>& file_names);

Result<OpenedCheckpoint> open_folder(const FolderForm& form, const std::string& folder,
                                     const WeightFiles& weights);

}  // namespace bise::safetensors
