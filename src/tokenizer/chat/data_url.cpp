#include "tokenizer/chat/data_url.h"

#include "base/base64.h"
#include "base/text.h"

namespace bise {
Result<std::string> decode_base64_lenient(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 4 * 3 + 3);
  unsigned pending = 0;
  int quad_at = 0, pads = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) return Error{ErrorCode::invalid_argument, "not base64: it is not ASCII"};
    if (c == '=') {
      if (quad_at >= 2 && quad_at + ++pads >= 4) return out;
      continue;
    }
    const int value = kBase64Digits[byte];
    if (value < 0) continue;
    pads = 0;
    pending = (pending << 6 | static_cast<unsigned>(value)) & 0xffffff;
    // Of four characters the second, third and fourth each complete a byte.
    if (quad_at > 0) out.push_back(static_cast<char>(pending >> (6 - 2 * quad_at) & 0xff));
    quad_at = (quad_at + 1) % 4;
  }
  if (quad_at != 0) return Error{ErrorCode::invalid_argument, "not base64: its padding is wrong"};
  return out;
}

Result<std::string> read_data_url(std::string_view url) {
  if (!url.starts_with("data:")) {
    return Error{ErrorCode::not_supported,
                 concat("the URL '", quoted(url, 40), "' is not read; give the file itself as ",
                        "data:TYPE;base64,BYTES")};
  }
  const std::size_t comma = url.find(',');
  if (comma == std::string_view::npos || !url.substr(0, comma).ends_with(";base64") ||
      comma + 1 == url.size()) {
    return Error{ErrorCode::invalid_argument, concat("the data URL '", quoted(url, 40),
                                                     "' has not the form data:TYPE;base64,BYTES")};
  }
  return decode_base64_lenient(url.substr(comma + 1));
}

}  // namespace bise
