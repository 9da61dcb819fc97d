#include "store/text_match.h"

#include <algorithm>

#include "base/text.h"

namespace bise::store {
namespace {

constexpr std::size_t kBefore = 40;
constexpr std::size_t kAfter = 80;

std::size_t find_word(std::string_view text, std::string_view word) {
  const auto same = [](char a, char b) { return small_letter(a) == b; };
  const auto at = std::search(text.begin(), text.end(), word.begin(), word.end(), same);
  return at == text.end() ? std::string_view::npos : static_cast<std::size_t>(at - text.begin());
}

bool continues_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

}  // namespace

std::vector<std::string> search_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty() && std::find(words.begin(), words.end(), word) == words.end()) {
      words.push_back(word);
    }
    word.clear();
  };
  for (const char letter : text) {
    if (static_cast<unsigned char>(letter) <= ' ')
      end_word();
    else
      word.push_back(small_letter(letter));
    if (words.size() == kSearchWordsMax) return words;
  }
  end_word();
  return words;
}

bool holds_all(std::string_view text, const std::vector<std::string>& words) {
  return std::all_of(words.begin(), words.end(), [&](const std::string& word) {
    return find_word(text, word) != std::string_view::npos;
  });
}

std::string excerpt(std::string_view text, const std::vector<std::string>& words) {
  std::size_t at = text.size();
  for (const std::string& word : words) at = std::min(at, find_word(text, word));
  if (at == text.size()) at = 0;
  std::size_t begin = at > kBefore ? at - kBefore : 0;
  std::size_t end = std::min(text.size(), at + kAfter);
  while (begin < at && continues_character(text[begin])) ++begin;
  while (end < text.size() && continues_character(text[end])) ++end;
  std::string out = begin > 0 ? "…" : "";
  for (const char byte : text.substr(begin, end - begin)) {
    out.push_back(static_cast<unsigned char>(byte) < ' ' ? ' ' : byte);
  }
  if (end < text.size()) out += "…";
  return out;
}

}  // namespace bise::store
