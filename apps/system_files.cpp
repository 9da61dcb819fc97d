#include "apps/system_files.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace bise {

std::string read_system_file(const std::string& path) {
  std::string text;
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return text;
  char part[4096];
  for (std::size_t got; (got = std::fread(part, 1, sizeof part, file)) > 0;) text.append(part, got);
  std::fclose(file);
  return text;
}

std::optional<std::uint64_t> number_after(std::string_view text, std::string_view key) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    if (line.starts_with(key)) return first_number(line.substr(key.size()));
    at = end + 1;
  }
  return {};
}

std::optional<std::uint64_t> first_number(std::string_view text) {
  const std::size_t at = text.find_first_of("0123456789");
  std::uint64_t value = 0;
  if (at == std::string_view::npos) return {};
  const auto end = std::from_chars(text.data() + at, text.data() + text.size(), value);
  if (end.ec != std::errc()) return {};
  return value;
}

}  // namespace bise
