#pragma once

#include <span>
#include <string>
#include <string_view>

#include "tokenizer/tokenizer.h"

namespace bise {

enum class ControlTokens { drop, write_out };

// Token ids to text, as they come. What can no longer change is given out at once: complete
// characters, and U+FFFD for each maximal ill-formed subpart; an incomplete character (at most
// three bytes) and the first two bytes of a surrogate wait. A control token ends the bytes before
// it: what waits becomes one U+FFFD.
class Detokenizer {
 public:
  explicit Detokenizer(const Tokenizer& tokenizer, ControlTokens control = ControlTokens::drop)
      : tokenizer_(tokenizer), control_(control) {}

  // The text that this id makes certain.
  std::string push(TokenId id);
  // What was waiting. The detokenizer is as new afterwards.
  std::string flush();

 private:
  const Tokenizer& tokenizer_;
  ControlTokens control_;
  std::string waiting_;
};

// The whole text at once: all push() and flush() joined.
std::string decode(const Tokenizer& tokenizer, std::span<const TokenId> ids,
                   ControlTokens control = ControlTokens::drop);

// All bytes of the normal tokens in a row, unchanged.
std::string decode_bytes(const Tokenizer& tokenizer, std::span<const TokenId> ids);

}  // namespace bise
