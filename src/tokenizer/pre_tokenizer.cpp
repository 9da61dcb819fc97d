#include "tokenizer/pre_tokenizer.h"

#include <array>
#include <cstdint>

#include "tokenizer/char_class.h"

namespace bise {
namespace {

constexpr std::array<CharClass, 128> make_ascii_classes() {
  std::array<CharClass, 128> classes{};
  for (char c = 'A'; c <= 'Z'; ++c) classes[c] = CharClass::upper;
  for (char c = 'a'; c <= 'z'; ++c) classes[c] = CharClass::lower;
  for (char c = '0'; c <= '9'; ++c) classes[c] = CharClass::number;
  for (char c = '\t'; c <= '\r'; ++c) classes[c] = CharClass::space;
  classes[' '] = CharClass::space;
  return classes;
}
constexpr std::array<CharClass, 128> kAsciiClasses = make_ascii_classes();

struct Char {
  CharClass kind;
  std::size_t length;
};

// The character at `at`, inside valid UTF-8.
inline Char char_at(const char* at) {
  const auto byte = [at](int i) { return static_cast<unsigned char>(at[i]); };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) return {kAsciiClasses[lead], 1};
  if (lead < 0xe0) return {char_class((lead & 0x1f) << 6 | (byte(1) & 0x3fu)), 2};
  if (lead < 0xf0) {
    return {char_class((lead & 0x0f) << 12 | (byte(1) & 0x3fu) << 6 | (byte(2) & 0x3fu)), 3};
  }
  return {char_class((lead & 0x07) << 18 | (byte(1) & 0x3fu) << 12 | (byte(2) & 0x3fu) << 6 |
                     (byte(3) & 0x3fu)),
          4};
}

constexpr unsigned bit(CharClass kind) {
  return 1u << static_cast<unsigned>(kind);
}
constexpr unsigned kLetters =
    bit(CharClass::upper) | bit(CharClass::lower) | bit(CharClass::other_letter);
// [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}], [\p{Ll}\p{Lm}\p{Lo}\p{M}], [^\s\p{L}\p{N}]
constexpr unsigned kHead =
    bit(CharClass::upper) | bit(CharClass::other_letter) | bit(CharClass::mark);
constexpr unsigned kTail =
    bit(CharClass::lower) | bit(CharClass::other_letter) | bit(CharClass::mark);
constexpr unsigned kSymbols = bit(CharClass::other) | bit(CharClass::mark);

inline bool is_in(CharClass kind, unsigned classes) {
  return (bit(kind) & classes) != 0;
}

inline const char* skip_run(const char* at, const char* end, unsigned classes) {
  while (at < end) {
    const Char c = char_at(at);
    if (!is_in(c.kind, classes)) break;
    at += c.length;
  }
  return at;
}

// \s+(?!\S)|\s+ at a space: the whole run before the end of the text, else all but its last
// character, which belongs to what follows, but at least one.
inline const char* skip_spaces(const char* at, const char* end) {
  const char* last = at;
  const char* next = at;
  while (next < end) {
    const Char c = char_at(next);
    if (c.kind != CharClass::space) return last > at ? last : next;
    last = next;
    next += c.length;
  }
  return next;
}

inline bool is_newline(char c) {
  return c == '\r' || c == '\n';
}

// The two word alternatives after their optional first character: HEAD* TAIL+ or HEAD+ TAIL*.
struct Word {
  const char* end;  // where it started if there is none
  bool is_second;   // only the second alternative matches: capitals alone
};

inline Word scan_word(const char* at, const char* end) {
  const char* next = at;
  const char* uncased_end = nullptr;  // behind the last character of HEAD that TAIL holds too
  while (next < end) {
    const Char c = char_at(next);
    if (!is_in(c.kind, kHead)) break;
    next += c.length;
    if (c.kind != CharClass::upper) uncased_end = next;
  }
  const char* tail_end = skip_run(next, end, kTail);
  if (tail_end > next) return {tail_end, false};
  // HEAD* gives characters back until TAIL+ can take one.
  if (uncased_end != nullptr) return {uncased_end, false};
  return {next, true};
}

}  // namespace

std::size_t tekken_piece(std::string_view text) {
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto upto = [begin](const char* piece_end) {
    return static_cast<std::size_t>(piece_end - begin);
  };
  const Char first = char_at(begin);

  const bool can_lead =
      !is_in(first.kind, kLetters | bit(CharClass::number)) && !is_newline(*begin);
  const char* word_begin = can_lead ? begin + first.length : begin;
  const Word word = scan_word(word_begin, end);
  // A mark can be the leading character or part of the word. The first alternative without a
  // leading character is tried before the second one with it, and finds the mark alone.
  if (first.kind == CharClass::mark && word.is_second) return first.length;
  if (word.end > word_begin) return upto(word.end);

  if (first.kind == CharClass::number) return first.length;

  const char* symbols_begin = *begin == ' ' ? begin + 1 : begin;
  const char* next = skip_run(symbols_begin, end, kSymbols);
  if (next > symbols_begin) {
    while (next < end && (is_newline(*next) || *next == '/')) ++next;
    return upto(next);
  }

  // Spaces. \s*[\r\n]+ reaches to behind the last line end of the run.
  const char* lines_end = nullptr;
  for (next = begin; next < end;) {
    const Char c = char_at(next);
    if (c.kind != CharClass::space) break;
    const bool newline = is_newline(*next);
    next += c.length;
    if (newline) lines_end = next;
  }
  return upto(lines_end != nullptr ? lines_end : skip_spaces(begin, end));
}

namespace {

// The bytes of 's 't 're 've 'm 'll 'd at the beginning, 0 if there is none.
std::size_t contraction(std::string_view text) {
  if (text.size() < 2 || text[0] != '\'') return 0;
  const char c = text[1];
  if (c == 's' || c == 't' || c == 'm' || c == 'd') return 2;
  if (text.size() < 3) return 0;
  const std::string_view two = text.substr(1, 2);
  return two == "re" || two == "ve" || two == "ll" ? 3 : 0;
}

}  // namespace

std::size_t smollm_piece(std::string_view text) {
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto upto = [begin](const char* piece_end) {
    return static_cast<std::size_t>(piece_end - begin);
  };
  const Char first = char_at(begin);
  if (first.kind == CharClass::number) return first.length;
  if (const std::size_t length = contraction(text); length > 0) return length;

  const char* body = *begin == ' ' ? begin + 1 : begin;
  if (body < end) {
    const CharClass kind = char_at(body).kind;
    if (is_in(kind, kLetters)) return upto(skip_run(body, end, kLetters));
    if (is_in(kind, kSymbols)) return upto(skip_run(body, end, kSymbols));
  }
  // A number ends the text that the pattern sees.
  const char* spaces_end = skip_run(begin, end, bit(CharClass::space));
  if (spaces_end < end && char_at(spaces_end).kind == CharClass::number) return upto(spaces_end);
  return upto(skip_spaces(begin, end));
}

PieceScanner piece_scanner(PreTokenizer pre_tokenizer) {
  return pre_tokenizer == PreTokenizer::tekken ? tekken_piece : smollm_piece;
}

}  // namespace bise
