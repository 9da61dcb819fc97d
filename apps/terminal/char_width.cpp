#include "apps/terminal/char_width.h"

#include <algorithm>
#include <span>

#include "apps/terminal/char_width_table.h"
#include "base/utf8.h"

namespace bise {
namespace {

bool is_in(std::span<const CharRange> ranges, char32_t code_point) {
  const auto after =
      std::upper_bound(ranges.begin(), ranges.end(), code_point,
                       [](char32_t value, const CharRange& range) { return value < range.first; });
  return after != ranges.begin() && code_point <= std::prev(after)->last;
}

constexpr char32_t kJoiner = 0x200D;
constexpr char32_t kEmojiStyle = 0xFE0F;  // makes the character before it a wide emoji

bool is_flag_letter(char32_t c) {
  return c >= 0x1F1E6 && c <= 0x1F1FF;
}
bool is_skin_tone(char32_t c) {
  return c >= 0x1F3FB && c <= 0x1F3FF;
}

}  // namespace

int char_width(char32_t code_point) {
  if (code_point < 0x300) return 1;
  if (is_in(kZeroWidthChars, code_point)) return 0;
  return is_in(kWideChars, code_point) ? 2 : 1;
}

Cluster next_cluster(std::string_view text) {
  const Utf8Step first = decode_utf8(text);
  if (first.length == 0) return {0, 0};
  Cluster cluster = {first.length, char_width(first.code_point)};
  if (first.code_point == '\n') return cluster;
  bool joined = first.code_point == kJoiner;
  bool flag = is_flag_letter(first.code_point);
  while (cluster.bytes < text.size()) {
    const Utf8Step next = decode_utf8(text.substr(cluster.bytes));
    const char32_t c = next.code_point;
    const bool second_of_flag = flag && is_flag_letter(c);
    if (char_width(c) != 0 && !joined && !second_of_flag && !is_skin_tone(c)) break;
    if (second_of_flag) cluster.columns = 2;
    if (c == kEmojiStyle && cluster.columns == 1) cluster.columns = 2;
    joined = c == kJoiner;
    flag = false;
    cluster.bytes += next.length;
  }
  return cluster;
}

std::size_t previous_cluster(std::string_view text, std::size_t at) {
  // Clusters are found from the front only; a line's beginning is a safe place to start.
  std::size_t begin = at == 0 ? 0 : text.rfind('\n', at - 1);
  begin = begin == std::string_view::npos ? 0 : begin;
  std::size_t last = begin;
  for (std::size_t i = begin; i < at;) {
    last = i;
    i += std::max<std::size_t>(1, next_cluster(text.substr(i)).bytes);
  }
  return last;
}

int text_width(std::string_view text) {
  int width = 0;
  while (!text.empty()) {
    const Cluster cluster = next_cluster(text);
    width += cluster.columns;
    text.remove_prefix(cluster.bytes);
  }
  return width;
}

}  // namespace bise
