#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "sampling/sampling_options.h"

namespace bise {

enum class ThinkingShown { folded, open, hidden };

// What /set changes.
struct ChatSettings {
  SamplingOptions sampling;
  std::optional<std::uint64_t> seed;  // nothing: another one for each answer
  std::int64_t tokens_max = 0;
  ThinkingShown thinking = ThinkingShown::folded;
  bool stats = false;
};

struct SettingLine {
  std::string name;
  std::string value;
  std::string help;
};
std::vector<SettingLine> setting_lines(const ChatSettings& settings);

// Errors: invalid_argument for an unknown name or a value that cannot be.
Result<void> change_setting(ChatSettings& settings, const std::string& name,
                            const std::string& value, int vocab_size);

}  // namespace bise
