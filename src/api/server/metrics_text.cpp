#include "api/server/metrics_text.h"

#include "base/text.h"

namespace bise::api {
namespace {

void append_label(std::string& out, const MetricsText::Label& label) {
  out += concat(label.first, "=\"");
  for (const char c : label.second) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

}  // namespace

void MetricsText::family(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  std::string_view told = name;
  if (form_ == MetricsForm::open_metrics && type == "counter") {
    told.remove_suffix(std::string_view("_total").size());
  }
  out_ += concat("# HELP ", told, ' ', help, "\n# TYPE ", told, ' ', type, '\n');
}

void MetricsText::line(std::string_view suffix, Labels labels, const Label* last,
                       std::string_view value) {
  out_ += concat(name_, suffix);
  const char* before = "{";
  const auto add = [&](const Label& label) {
    out_ += before;
    append_label(out_, label);
    before = ",";
  };
  for (const Label& label : labels) add(label);
  if (last != nullptr) add(*last);
  if (*before == ',') out_ += '}';
  out_ += concat(' ', value, '\n');
}

void MetricsText::sample(Labels labels, double value) {
  line("", labels, nullptr, concat(value));
}

void MetricsText::sample(Labels labels, std::uint64_t value) {
  line("", labels, nullptr, concat(value));
}

void MetricsText::histogram(Labels labels, const Histogram& histogram) {
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
    below += histogram.counts[i];
    const bool last = i == histogram.bounds.size();
    const std::string bound = last ? "+Inf" : concat(histogram.bounds[i]);
    const Label le = {"le", bound};
    line("_bucket", labels, &le, concat(below));
  }
  line("_sum", labels, nullptr, concat(histogram.sum));
  line("_count", labels, nullptr, concat(histogram.count));
}

std::string MetricsText::finish() {
  if (form_ == MetricsForm::open_metrics) out_ += "# EOF\n";
  return std::move(out_);
}

}  // namespace bise::api
