#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bise::store {

// Labels as one column holds them: a JSON array of strings.
std::string write_labels(const std::vector<std::string>& labels);
std::vector<std::string> read_labels(std::string_view text);

}  // namespace bise::store
