#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bise::store {

inline constexpr int kSearchWordsMax = 8;

// The words of a search, letters A to Z made small; at most kSearchWordsMax, each once.
std::vector<std::string> search_words(std::string_view text);

// Whether the text holds each of them.
bool holds_all(std::string_view text, const std::vector<std::string>& words);

// About 120 bytes around the first of the words in it, cut between characters, line breaks as
// spaces, "…" where something was left out.
std::string excerpt(std::string_view text, const std::vector<std::string>& words);

}  // namespace bise::store
