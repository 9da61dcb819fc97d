#include "tokenizer/tekken_settings.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "base/json.h"
#include "base/text.h"

namespace bise {
namespace {

Error corrupt(std::string message) {
  return Error{ErrorCode::corrupt_file, std::move(message)};
}

Result<int> read_positive_int(const Json& object, std::string_view key) {
  const Json* member = object.find(key);
  const auto number = member != nullptr ? member->to_int64() : std::nullopt;
  if (!number || *number < 1 || *number > std::numeric_limits<int>::max()) {
    return corrupt(concat(key, ": expected a positive integer"));
  }
  return static_cast<int>(*number);
}

// Nothing for a missing member and for null.
Result<std::optional<double>> read_optional_double(const Json& object, std::string_view key) {
  const Json* member = object.find(key);
  if (member == nullptr || member->is_null()) return std::optional<double>();
  const auto number = member->to_double();
  if (!number || !std::isfinite(*number) || *number < 0) {
    return corrupt(concat(key, ": expected a number not below 0"));
  }
  return std::optional<double>(*number);
}

Result<ImageSettings> read_image(std::string_view text) {
  const Json json = TRY(read_json(text));
  ImageSettings image = {.patch_size = TRY(read_positive_int(json, "image_patch_size")),
                         .size_max = TRY(read_positive_int(json, "max_image_size"))};
  if (json.find("spatial_merge_size") != nullptr) {
    image.merge_size = TRY(read_positive_int(json, "spatial_merge_size"));
  }
  return image;
}

Result<void> read_streaming(const Json& json, AudioSettings& audio) {
  audio.transcription_delay_ms = TRY(read_optional_double(json, "transcription_delay_ms"));
  audio.look_ahead_ms = TRY(read_optional_double(json, "streaming_look_ahead_ms"));
  audio.look_back_ms = TRY(read_optional_double(json, "streaming_look_back_ms"));
  const Json* padding = json.find("streaming_n_left_pad_tokens");
  if (padding != nullptr && !padding->is_null()) {
    const auto number = padding->to_int64();
    if (!number || *number < 0 || *number > std::numeric_limits<int>::max()) {
      return corrupt("streaming_n_left_pad_tokens: expected an integer not below 0");
    }
    audio.left_pad_tokens = static_cast<int>(*number);
  }
  const Json* format = json.find("transcription_format");
  audio.streaming = format != nullptr && format->is_string() && format->as_string() == "streaming";
  const std::array<bool, 4> given = {
      audio.transcription_delay_ms.has_value(), audio.look_ahead_ms.has_value(),
      audio.look_back_ms.has_value(), audio.left_pad_tokens.has_value()};
  if (std::ranges::count(given, audio.streaming) != 4) {
    return corrupt(audio.streaming
                       ? "transcription_format is streaming, but a streaming setting is missing"
                       : "streaming settings without transcription_format \"streaming\"");
  }
  return {};
}

Result<AudioSettings> read_audio(std::string_view text) {
  const Json json = TRY(read_json(text));
  AudioSettings audio;
  audio.sampling_rate = TRY(read_positive_int(json, "sampling_rate"));
  audio.frame_rate = TRY(read_optional_double(json, "frame_rate")).value_or(0);
  if (audio.frame_rate <= 0 || audio.frame_rate > audio.sampling_rate) {
    return corrupt("frame_rate: expected a number above 0 and not above sampling_rate");
  }
  const Json* encoding = json.find("audio_encoding_config");
  if (encoding == nullptr) return corrupt("audio_encoding_config is missing");
  audio.mel_bins = TRY(read_positive_int(*encoding, "num_mel_bins"));
  audio.hop_length = TRY(read_positive_int(*encoding, "hop_length"));
  audio.window_size = TRY(read_positive_int(*encoding, "window_size"));
  audio.chunk_length_s = TRY(read_optional_double(json, "chunk_length_s"));
  TRY_VOID(read_streaming(json, audio));
  const Json* voices = json.find("voice_num_audio_tokens");
  if (voices != nullptr && voices->is_object()) {
    for (const Json::Member& voice : voices->members()) {
      audio.voices.emplace_back(voice.first, TRY(read_positive_int(*voices, voice.first)));
    }
  }
  return audio;
}

// mistral-common's rules: the type is said, null is accepted, the default is one of the values.
Result<ReasoningEffortSetting> read_reasoning_effort(const Json& json) {
  constexpr std::array<std::string_view, 7> kEfforts = {"none", "minimal", "low", "medium",
                                                        "high", "xhigh",   "max"};
  const Json* type = json.find("type");
  if (type != nullptr && !(*type == Json("enum"))) return corrupt("type: expected \"enum\"");
  const Json* accepts_none = json.find("accepts_none");
  if (accepts_none != nullptr && !(*accepts_none == Json(true))) {
    return corrupt("accepts_none: expected true");
  }
  const Json* values = json.find("values");
  if (values == nullptr || !values->is_array()) return corrupt("values: expected an array");
  ReasoningEffortSetting effort;
  for (const Json& value : values->items()) {
    if (!value.is_string() || std::ranges::find(kEfforts, value.as_string()) == kEfforts.end()) {
      return corrupt("values: expected efforts from none to max");
    }
    if (std::ranges::find(effort.values, value.as_string()) != effort.values.end()) {
      return corrupt(concat("values: ", value.as_string(), " stands there twice"));
    }
    effort.values.push_back(value.as_string());
  }
  const Json* standard = json.find("default");
  if (standard == nullptr || !standard->is_string() ||
      std::ranges::find(effort.values, standard->as_string()) == effort.values.end()) {
    return corrupt("default: expected one of the values");
  }
  effort.default_value = standard->as_string();
  return effort;
}

Result<ModelSettingsSpec> read_model_settings(std::string_view text) {
  const Json json = TRY(read_json(text));
  if (!json.is_object()) return corrupt(concat("expected an object, found ", json.kind_name()));
  ModelSettingsSpec spec;
  for (const Json::Member& member : json.members()) {
    if (member.second.is_null()) continue;
    if (member.first == "reasoning_effort") {
      auto effort = read_reasoning_effort(member.second);
      if (!effort.ok()) return std::move(effort).error().in("reasoning_effort");
      spec.reasoning_effort = std::move(effort).value();
    } else if (member.first == "json_schema") {
      spec.json_schema = true;
    } else {
      return corrupt(concat("unknown setting ", quoted(member.first)));
    }
  }
  return spec;
}

// The value of a section that may be missing, its name in front of what is wrong with it.
template <class Read>
auto read_section(std::string_view name, std::string_view text, Read read)
    -> Result<std::optional<std::decay_t<decltype(*read(text))>>> {
  using Value = std::decay_t<decltype(*read(text))>;
  if (text.empty()) return std::optional<Value>();
  auto value = read(text);
  if (!value.ok()) return std::move(value).error().in(name);
  return std::optional<Value>(std::move(value).value());
}

}  // namespace

Result<PromptSettings> read_tekken_settings(const TekkenSections& sections) {
  PromptSettings settings;
  settings.layout = sections.layout;
  settings.layout_reason = "config.version of the tekken.json";
  if (!sections.multimodal.empty() && sections.layout > Layout::v11) {
    return corrupt(
        concat("the section \"multimodal\" is called \"image\" from v13 on, and this "
               "file says ",
               layout_name(sections.layout)));
  }
  const bool old_name = !sections.multimodal.empty();
  settings.image = TRY(read_section(old_name ? "multimodal" : "image",
                                    old_name ? sections.multimodal : sections.image, read_image));
  settings.audio = TRY(read_section("audio", sections.audio, read_audio));
  settings.model_settings =
      TRY(read_section("model_settings_builder", sections.model_settings, read_model_settings));
  if (settings.model_settings && sections.layout < Layout::v15) {
    return corrupt(
        concat("the section \"model_settings_builder\" exists from v15 on, and this "
               "file says ",
               layout_name(sections.layout)));
  }
  return settings;
}

PromptSettings settings_from_hints(const Tokenizer& tokenizer, const LayoutHints& hints) {
  PromptSettings settings;
  LayoutChoice choice = choose_layout(tokenizer, hints);
  settings.layout = choice.layout;
  settings.layout_reason = std::move(choice.reason);
  if (hints.chat_template) settings.chat_template = std::string(*hints.chat_template);
  if (settings.layout == Layout::chatml) return settings;
  settings.image = ImageSettings{.patch_size = 14, .size_max = 1540, .merge_size = 2};
  if (settings.layout == Layout::v15) {
    settings.model_settings = ModelSettingsSpec{
        .reasoning_effort = ReasoningEffortSetting{{"none", "high"}, "none"}, .json_schema = false};
  }
  return settings;
}

}  // namespace bise
