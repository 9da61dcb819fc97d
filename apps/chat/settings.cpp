#include "apps/chat/settings.h"

#include <charconv>
#include <functional>
#include <system_error>

#include "apps/units.h"
#include "base/text.h"

namespace bise {
namespace {

template <class Number>
std::optional<Number> number_from(const std::string& text) {
  Number value = {};
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size()) return {};
  return value;
}

struct Setting {
  const char* name;
  const char* help;
  std::function<std::string(const ChatSettings&)> get;
  std::function<bool(ChatSettings&, const std::string&)> set;  // false: no such value
};

template <class Number>
Setting sampling_setting(const char* name, const char* help, Number SamplingOptions::*member) {
  return {name, help, [member](const ChatSettings& s) { return short_text(s.sampling.*member); },
          [member](ChatSettings& s, const std::string& text) {
            const std::optional<Number> value = number_from<Number>(text);
            if (value) s.sampling.*member = *value;
            return value.has_value();
          }};
}

const char* thinking_name(ThinkingShown shown) {
  return shown == ThinkingShown::folded ? "fold" : shown == ThinkingShown::open ? "show" : "hide";
}

bool set_thinking(ChatSettings& settings, const std::string& text) {
  for (const ThinkingShown shown :
       {ThinkingShown::folded, ThinkingShown::open, ThinkingShown::hidden}) {
    if (text != thinking_name(shown)) continue;
    settings.thinking = shown;
    return true;
  }
  return false;
}

bool set_seed(ChatSettings& settings, const std::string& text) {
  if (text == "random") {
    settings.seed = {};
    return true;
  }
  settings.seed = number_from<std::uint64_t>(text);
  return settings.seed.has_value();
}

bool set_tokens_max(ChatSettings& settings, const std::string& text) {
  const auto value = number_from<std::int64_t>(text);
  if (!value || *value < 0) return false;
  settings.tokens_max = *value;
  return true;
}

std::vector<Setting> all_settings() {
  using S = SamplingOptions;
  return {
      sampling_setting("temperature", "0: always the likeliest token", &S::temperature),
      sampling_setting("top_k", "this many likeliest tokens (0: all)", &S::top_k),
      sampling_setting("top_p", "the likeliest up to this mass (1: all)", &S::top_p),
      sampling_setting("min_p", "at least this fraction of the likeliest (0: all)", &S::min_p),
      sampling_setting("typical_p", "locally typical up to this mass (1: off)", &S::typical_p),
      sampling_setting("repetition_penalty", "1: off", &S::repetition_penalty),
      sampling_setting("frequency_penalty", "0: off", &S::frequency_penalty),
      sampling_setting("presence_penalty", "0: off", &S::presence_penalty),
      {"seed", "a number, or random",
       [](const ChatSettings& s) { return s.seed ? concat(*s.seed) : std::string("random"); },
       set_seed},
      {"max_tokens", "of an answer (0: to the end of the context)",
       [](const ChatSettings& s) { return concat(s.tokens_max); }, set_tokens_max},
      {"thinking", "fold, show or hide thoughts",
       [](const ChatSettings& s) { return std::string(thinking_name(s.thinking)); }, set_thinking},
      {"stats", "on or off: rates after each answer",
       [](const ChatSettings& s) { return std::string(s.stats ? "on" : "off"); },
       [](ChatSettings& s, const std::string& text) {
         if (text != "on" && text != "off") return false;
         s.stats = text == "on";
         return true;
       }},
  };
}

}  // namespace

std::vector<SettingLine> setting_lines(const ChatSettings& settings) {
  std::vector<SettingLine> lines;
  for (const Setting& setting : all_settings()) {
    lines.push_back({setting.name, setting.get(settings), setting.help});
  }
  return lines;
}

Result<void> change_setting(ChatSettings& settings, const std::string& name,
                            const std::string& value, int vocab_size) {
  for (const Setting& setting : all_settings()) {
    if (name != setting.name) continue;
    ChatSettings changed = settings;
    if (!setting.set(changed, value)) {
      return Error{ErrorCode::invalid_argument,
                   concat(name, " cannot be \"", quoted(value, 40), "\": ", setting.help)};
    }
    TRY_VOID(check(changed.sampling, vocab_size));
    settings = changed;
    return {};
  }
  return Error{ErrorCode::invalid_argument,
               concat("there is no setting \"", quoted(name, 40), "\"; /set lists them")};
}

}  // namespace bise
