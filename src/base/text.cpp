#include "base/text.h"

#include <algorithm>
#include <ctime>

#include "base/utf8.h"

namespace bise {

std::string small_letters(std::string_view text) {
  std::string small(text);
  for (char& c : small) c = small_letter(c);
  return small;
}

bool equal_without_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return small_letter(x) == small_letter(y); });
}

std::string_view without_blanks(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string utc_text(std::int64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts = {};
  ::gmtime_r(&time, &parts);
  char text[64];
  return std::string(text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts));
}

std::string quoted(std::string_view text, std::size_t bytes_max) {
  static constexpr char kHex[] = "0123456789abcdef";
  const bool cut = text.size() > bytes_max;
  if (cut) text = text.substr(0, bytes_max);
  std::string out;
  while (!text.empty()) {
    const Utf8Step step = decode_utf8(text);
    const auto first = static_cast<unsigned char>(text.front());
    if (!step.valid || first < 0x20 || first == 0x7f) {
      for (const char c : text.substr(0, step.length)) {
        out.append("\\x");
        out.push_back(kHex[static_cast<unsigned char>(c) >> 4]);
        out.push_back(kHex[static_cast<unsigned char>(c) & 15]);
      }
    } else {
      out.append(text.substr(0, step.length));
    }
    text.remove_prefix(step.length);
  }
  if (cut) out.append("...");
  return out;
}

}  // namespace bise
