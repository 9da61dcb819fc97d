#include "base/utf8.h"

namespace bise {

Utf8Step decode_utf8(std::string_view text) {
  constexpr char32_t kReplacement = 0xfffd;
  if (text.empty()) return {0, 0, false, false};
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = at(0);
  if (lead < 0x80) return {lead, 1, true, false};

  // Table 3-7: how many bytes follow, and the range of the second one.
  std::size_t following = 0;
  unsigned second_low = 0x80, second_high = 0xbf;
  if (lead >= 0xc2 && lead <= 0xdf) {
    following = 1;
  } else if (lead >= 0xe0 && lead <= 0xef) {
    following = 2;
    if (lead == 0xe0) second_low = 0xa0;
    if (lead == 0xed) second_high = 0x9f;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    following = 3;
    if (lead == 0xf0) second_low = 0x90;
    if (lead == 0xf4) second_high = 0x8f;
  } else {
    return {kReplacement, 1, false, false};
  }

  char32_t code_point = lead & (0x3fu >> following);
  for (std::size_t i = 1; i <= following; ++i) {
    if (i >= text.size()) return {kReplacement, i, false, true};
    const unsigned low = i == 1 ? second_low : 0x80u;
    const unsigned high = i == 1 ? second_high : 0xbfu;
    if (at(i) < low || at(i) > high) return {kReplacement, i, false, false};
    code_point = code_point << 6 | (at(i) & 0x3fu);
  }
  return {code_point, following + 1, true, false};
}

void append_utf8(std::string& out, char32_t c) {
  if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) c = 0xfffd;
  const auto put = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0 | c >> 6);
    put(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  } else {
    put(0xf0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3f));
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  }
}

std::string replace_invalid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Utf8Step step = decode_utf8(text);
    if (step.valid) {
      out.append(text.substr(0, step.length));
    } else {
      append_utf8(out, 0xfffd);
    }
    text.remove_prefix(step.length);
  }
  return out;
}

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const Utf8Step step = decode_utf8(text);
    if (!step.valid) return false;
    text.remove_prefix(step.length);
  }
  return true;
}

}  // namespace bise
