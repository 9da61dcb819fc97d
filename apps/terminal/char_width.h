#pragma once

#include <cstddef>
#include <string_view>

namespace bise {

// Columns a character takes on a terminal: 0, 1 or 2; 1 for control characters, which are shown as
// one sign.
int char_width(char32_t code_point);

// What the cursor steps over at once: a character with the marks that belong to it, a flag, an
// emoji joined from several, a syllable of conjoining Hangul. An approximation of Unicode's
// extended grapheme clusters that needs no further tables.
struct Cluster {
  std::size_t bytes;  // 0 at the end of the text
  int columns;
};
Cluster next_cluster(std::string_view text);

// Where the cluster before `at` begins (0 at the beginning).
std::size_t previous_cluster(std::string_view text, std::size_t at);

int text_width(std::string_view text);

}  // namespace bise
