#include "store/feedback_labels.h"

#include "base/json.h"

namespace bise::store {

std::string write_labels(const std::vector<std::string>& labels) {
  Json array = Json::array();
  for (const std::string& label : labels) array.push(label);
  return write_json(array);
}

std::vector<std::string> read_labels(std::string_view text) {
  std::vector<std::string> labels;
  const Result<Json> array = read_json(text);
  if (!array.ok() || !array->is_array()) return labels;
  for (const Json& label : array->items()) {
    if (label.is_string()) labels.push_back(label.as_string());
  }
  return labels;
}

}  // namespace bise::store
