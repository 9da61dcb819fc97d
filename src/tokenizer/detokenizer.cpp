#include "tokenizer/detokenizer.h"

#include <utility>

#include "base/utf8.h"

namespace bise {
namespace {

// The first two bytes of a surrogate are ill-formed already, but Python's incremental decoder,
// which the reference streams with, waits for the third one. The text is the same in the end.
bool is_begun_surrogate(std::string_view bytes) {
  return bytes.size() == 2 && bytes[0] == '\xed' && static_cast<unsigned char>(bytes[1]) >= 0xa0 &&
         static_cast<unsigned char>(bytes[1]) <= 0xbf;
}

}  // namespace

std::string Detokenizer::push(TokenId id) {
  if (tokenizer_.is_control(id)) {
    std::string out = flush();
    if (control_ == ControlTokens::write_out) out.append(tokenizer_.bytes(id));
    return out;
  }
  waiting_.append(tokenizer_.bytes(id));
  std::string out;
  std::string_view rest = waiting_;
  while (!rest.empty()) {
    const Utf8Step step = decode_utf8(rest);
    if (step.incomplete || is_begun_surrogate(rest)) break;
    if (step.valid) {
      out.append(rest.substr(0, step.length));
    } else {
      append_utf8(out, 0xfffd);
    }
    rest.remove_prefix(step.length);
  }
  waiting_.erase(0, waiting_.size() - rest.size());
  return out;
}

std::string Detokenizer::flush() {
  return replace_invalid_utf8(std::exchange(waiting_, {}));
}

std::string decode(const Tokenizer& tokenizer, std::span<const TokenId> ids,
                   ControlTokens control) {
  std::string text;
  Detokenizer detokenizer(tokenizer, control);
  for (const TokenId id : ids) text.append(detokenizer.push(id));
  text.append(detokenizer.flush());
  return text;
}

std::string decode_bytes(const Tokenizer& tokenizer, std::span<const TokenId> ids) {
  std::string bytes;
  for (const TokenId id : ids) {
    if (!tokenizer.is_control(id)) bytes.append(tokenizer.bytes(id));
  }
  return bytes;
}

}  // namespace bise
