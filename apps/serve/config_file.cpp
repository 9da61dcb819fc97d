#include "apps/serve/config_file.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "base/text.h"

namespace bise {
namespace {

constexpr std::string_view kConfig = "--config";

// "" where there is none.
std::string config_path(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].starts_with(concat(kConfig, "="))) return words[i].substr(kConfig.size() + 1);
    if (words[i] == kConfig && i + 1 < words.size()) return words[i + 1];
  }
  const char* path = std::getenv("BISE_CONFIG");
  return path == nullptr ? "" : path;
}

std::string environment_name(const std::string& name) {
  std::string out = "BISE_" + name;
  for (char& c : out) {
    if (c == '-') c = '_';
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

bool is_set(const std::vector<std::string>& words, const std::string& name) {
  const std::string flag = "--" + name;
  const bool is_given = std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return word == flag || word.starts_with(flag + "=");
  });
  return is_given || std::getenv(environment_name(name).c_str()) != nullptr;
}

}  // namespace

Result<std::vector<std::string>> with_config_file(std::vector<std::string> words) {
  const std::string path = config_path(words);
  if (path.empty()) return words;
  std::ifstream file(path);
  if (!file) {
    return Error{ErrorCode::not_found,
                 concat("--config ", quoted(std::string_view(path), 400), " cannot be read")};
  }
  std::vector<CLI::ConfigItem> items;
  try {
    items = CLI::ConfigTOML().from_config(file);
  } catch (const CLI::Error& error) {
    return Error{ErrorCode::invalid_argument,
                 concat(quoted(std::string_view(path), 400), ": ", error.what())};
  }
  const std::vector<std::string> given = words;
  for (const CLI::ConfigItem& item : items) {
    if (item.name == "++" || item.name == "--") continue;  // how it marks sections
    if (!item.parents.empty()) {
      return Error{ErrorCode::invalid_argument,
                   concat(quoted(std::string_view(path), 400), ": there are no sections; ",
                          quoted(std::string_view(item.fullname())), " is not known")};
    }
    if (is_set(given, item.name)) continue;
    for (const std::string& value : item.inputs) {
      words.push_back(item.name == "models" ? value : concat("--", item.name, "=", value));
    }
  }
  return words;
}

}  // namespace bise
