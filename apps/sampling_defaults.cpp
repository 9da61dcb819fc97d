#include "apps/sampling_defaults.h"

#include "base/mapped_file.h"
#include "base/text.h"

namespace bise {
namespace {

constexpr std::size_t kConfigBytesMax = 1 << 20;

// Where a file says a value in range, it counts; nonsense is passed over, because a default is no
// reason to refuse a model.
bool read_float(const Json& object, const std::string& key, double min, double max, float& out) {
  const Json* value = object.find(key);
  const std::optional<double> number = value != nullptr ? value->to_double() : std::nullopt;
  if (!number || !(*number >= min && *number <= max)) return false;
  out = static_cast<float>(*number);
  return true;
}

struct Keys {
  std::string temperature, top_k, top_p, min_p, repetition_penalty;
};

bool read_options(const Json& object, const Keys& keys, SamplingOptions& options) {
  bool found = read_float(object, keys.temperature, 0, 100, options.temperature);
  found |= read_float(object, keys.top_p, 0, 1, options.top_p);
  found |= read_float(object, keys.min_p, 0, 1, options.min_p);
  found |= read_float(object, keys.repetition_penalty, 0.01, 100, options.repetition_penalty);
  const Json* top_k = object.find(keys.top_k);
  const std::optional<std::int64_t> number = top_k != nullptr ? top_k->to_int64() : std::nullopt;
  if (number && *number >= 0 && *number < 1'000'000) {
    options.top_k = static_cast<int>(*number);
    found = true;
  }
  return found;
}

bool has_word(const Checkpoint& checkpoint, std::string_view lower_case_word) {
  std::string text = checkpoint.path();
  for (const char* key : {"general.name", "general.finetune", "general.basename"}) {
    const Json* value = checkpoint.metadata().find(key);
    if (value != nullptr && value->is_string()) text += " " + value->as_string();
  }
  return small_letters(text).find(lower_case_word) != std::string::npos;
}

}  // namespace

void apply(const SamplingFlags& flags, SamplingOptions& options) {
  const auto set = [](const auto& from, auto& to) {
    if (from) to = *from;
  };
  set(flags.temperature, options.temperature);
  set(flags.top_k, options.top_k);
  set(flags.top_p, options.top_p);
  set(flags.min_p, options.min_p);
  set(flags.typical_p, options.typical_p);
  set(flags.repetition_penalty, options.repetition_penalty);
  set(flags.frequency_penalty, options.frequency_penalty);
  set(flags.presence_penalty, options.presence_penalty);
  set(flags.seed, options.seed);
}

SamplingDefaults sampling_defaults(const Checkpoint& checkpoint, Layout layout) {
  SamplingDefaults out;
  // Where the files name other values but no temperature.
  out.options.temperature = layout == Layout::chatml ? 0.2F : 0.15F;
  const Keys gguf = {"general.sampling.temp", "general.sampling.top_k", "general.sampling.top_p",
                     "general.sampling.min_p", "general.sampling.penalty_repeat"};
  if (read_options(checkpoint.metadata(), gguf, out.options)) {
    out.source = "general.sampling of the file";
    return out;
  }
  if (checkpoint.form() != CheckpointForm::gguf) {
    const auto text =
        read_text_file(checkpoint.folder() + "/generation_config.json", kConfigBytesMax);
    const auto config = text.ok() ? read_json(*text) : Result<Json>(Json());
    const Keys folder = {"temperature", "top_k", "top_p", "min_p", "repetition_penalty"};
    if (config.ok() && read_options(*config, folder, out.options)) {
      out.source = "generation_config.json";
      return out;
    }
  }
  if (layout == Layout::chatml) {
    out.options.top_p = 0.9F;
    out.source = "the starter's";
  } else if (has_word(checkpoint, "reasoning") || has_word(checkpoint, "magistral")) {
    out.options.temperature = 0.7F;
    out.options.top_p = 0.95F;
    out.source = "the family's, for reasoning models";
  } else {
    out.source = "the family's";
  }
  return out;
}

}  // namespace bise
