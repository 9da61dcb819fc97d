#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "engine/engine_stats.h"

namespace bise::api {

enum class MetricsForm { prometheus, open_metrics };

// Prometheus' text format 0.0.4, or OpenMetrics 1.0.
class MetricsText {
 public:
  using Label = std::pair<std::string_view, std::string_view>;
  using Labels = std::initializer_list<Label>;

  explicit MetricsText(MetricsForm form) : form_(form) {}

  // The samples that follow belong to it. A counter's name ends in _total.
  void family(std::string_view name, std::string_view type, std::string_view help);
  void sample(Labels labels, double value);
  void sample(Labels labels, std::uint64_t value);
  void histogram(Labels labels, const Histogram& histogram);

  // The whole text; nothing comes after it.
  std::string finish();

 private:
  void line(std::string_view suffix, Labels labels, const Label* last, std::string_view value);

  MetricsForm form_;
  std::string out_;
  std::string name_;
};

}  // namespace bise::api
