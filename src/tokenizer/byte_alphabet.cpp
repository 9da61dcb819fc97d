#include "tokenizer/byte_alphabet.h"

#include <array>
#include <cstdint>

namespace bise {
namespace {

constexpr int kAlphabetEnd = 256 + 68;

// [code point]: the byte, or -1.
constexpr std::array<std::int16_t, kAlphabetEnd> make_inverse() {
  std::array<std::int16_t, kAlphabetEnd> inverse{};
  for (std::int16_t& byte : inverse) byte = -1;
  int next = 256;
  for (int byte = 0; byte < 256; ++byte) {
    const bool itself = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    inverse[itself ? byte : next++] = static_cast<std::int16_t>(byte);
  }
  return inverse;
}
constexpr std::array<std::int16_t, kAlphabetEnd> kInverse = make_inverse();

}  // namespace

bool append_alphabet_bytes(std::string& bytes, std::string_view written) {
  const std::size_t size_before = bytes.size();
  for (std::size_t i = 0; i < written.size(); ++i) {
    unsigned code_point = static_cast<unsigned char>(written[i]);
    // All of the alphabet lies below U+0800: one byte or two.
    if (code_point >= 0x80) {
      const bool two = code_point >= 0xc2 && code_point < 0xe0 && i + 1 < written.size() &&
                       (static_cast<unsigned char>(written[i + 1]) & 0xc0) == 0x80;
      code_point =
          two ? (code_point & 0x1f) << 6 | (static_cast<unsigned char>(written[++i]) & 0x3f)
              : kAlphabetEnd;
    }
    if (code_point >= kAlphabetEnd || kInverse[code_point] < 0) {
      bytes.resize(size_before);
      return false;
    }
    bytes.push_back(static_cast<char>(kInverse[code_point]));
  }
  return true;
}

}  // namespace bise
