#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tokenizer/layout.h"

namespace bise {

struct ImageSettings {
  int patch_size;      // pixels of a patch's side
  int size_max;        // an image's longer side is brought down to this
  int merge_size = 1;  // patches of a token's side
};

struct AudioSettings {
  int sampling_rate = 0;
  double frame_rate = 0;  // tokens a second
  int mel_bins = 0, hop_length = 0, window_size = 0;
  std::optional<double> chunk_length_s;
  bool streaming = false;
  std::optional<double> transcription_delay_ms, look_ahead_ms, look_back_ms;  // all if streaming
  std::optional<int> left_pad_tokens;                                         // if streaming
  std::vector<std::pair<std::string, int>> voices;  // voice name, audio tokens
};

struct ReasoningEffortSetting {
  std::vector<std::string> values;
  std::string default_value;
};

// What a [MODEL_SETTINGS] section may hold (v15).
struct ModelSettingsSpec {
  std::optional<ReasoningEffortSetting> reasoning_effort;
  bool json_schema = false;
};

// What a tokenizer file says about prompts beyond its tokens.
struct PromptSettings {
  Layout layout = Layout::v7;
  std::string layout_reason;  // "config.version of tekken.json", "the file has the token [THINK]"
  std::optional<ImageSettings> image;
  std::optional<AudioSettings> audio;
  std::optional<ModelSettingsSpec> model_settings;
  std::optional<std::string> chat_template;  // GGUF and Hugging Face files; never run
  bool add_bos = true;                       // a text prompt begins with BOS
};

}  // namespace bise
