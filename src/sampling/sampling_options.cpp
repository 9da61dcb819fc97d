#include "sampling/sampling_options.h"

#include <cmath>

#include "base/text.h"

namespace bise {
namespace {

struct Range {
  std::string_view name;
  double value;
  double min;
  double max;
};

}  // namespace

Result<void> check(const SamplingOptions& options, int vocab_size) {
  const Range ranges[] = {
      {"temperature", options.temperature, 0, 100},
      {"top_k", static_cast<double>(options.top_k), 0, 1e9},
      {"typical_p", options.typical_p, 0, 1},
      {"top_p", options.top_p, 0, 1},
      {"min_p", options.min_p, 0, 1},
      {"repetition_penalty", options.repetition_penalty, 0.01, 100},
      {"repetition_window", static_cast<double>(options.repetition_window), 0, 1e9},
      {"frequency_penalty", options.frequency_penalty, -100, 100},
      {"presence_penalty", options.presence_penalty, -100, 100},
  };
  for (const Range& range : ranges) {
    // Written so that NaN fails too.
    if (!(range.value >= range.min && range.value <= range.max)) {
      return Error{ErrorCode::invalid_argument,
                   concat(range.name, " is ", static_cast<float>(range.value),
                          " but must lie between ", range.min, " and ", range.max)};
    }
  }
  for (const auto& [id, bias] : options.logit_bias) {
    if (id < 0 || id >= vocab_size) {
      return Error{ErrorCode::invalid_argument,
                   concat("logit_bias names the token ", id, " but the vocabulary has ids 0 to ",
                          vocab_size - 1)};
    }
    if (!(std::abs(bias) <= 100)) {
      return Error{ErrorCode::invalid_argument, concat("logit_bias of token ", id, " is ", bias,
                                                       " but must lie between -100 and 100")};
    }
  }
  return {};
}

}  // namespace bise
