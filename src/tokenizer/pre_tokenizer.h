#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace bise {

// How a text is cut into pieces before merging. Both rules are regular expressions in the files;
// here they are scanners written by hand, linear in the text whatever it holds.
enum class PreTokenizer {
  tekken,  // kTekkenPattern
  smollm,  // every \p{N} alone, then kGpt2Pattern within what lies between
};

inline constexpr std::string_view kTekkenPattern =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|)"
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|)"
    R"(\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
inline constexpr std::string_view kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

// The number of bytes of the first piece of `text`, which is valid UTF-8 and not empty.
std::size_t tekken_piece(std::string_view text);
std::size_t smollm_piece(std::string_view text);

using PieceScanner = std::size_t (*)(std::string_view text);
PieceScanner piece_scanner(PreTokenizer pre_tokenizer);

}  // namespace bise
