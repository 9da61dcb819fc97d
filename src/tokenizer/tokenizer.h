#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bise {

using TokenId = std::int32_t;

// Text to token ids and back. Immutable after loading; every method may be called from several
// threads at once.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  // Appends the ids of `text` (bytes; invalid UTF-8 becomes U+FFFD first). Never a control token,
  // whatever the words are; no BOS.
  virtual void encode(std::string_view text, std::vector<TokenId>& ids) const = 0;

  virtual int vocab_size() const = 0;

  // The id of a control token by its name ("[INST]", "<|im_end|>"), nothing if there is none.
  virtual std::optional<TokenId> control_id(std::string_view name) const = 0;
  // True for control tokens and for ids that no text produces.
  virtual bool is_control(TokenId id) const = 0;
  // The name of a control token, or the bytes of a normal one. Empty for ids out of range.
  virtual std::string_view bytes(TokenId id) const = 0;

  virtual std::optional<TokenId> bos_id() const = 0;
  virtual std::optional<TokenId> eos_id() const = 0;

  std::vector<TokenId> encode(std::string_view text) const {
    std::vector<TokenId> ids;
    encode(text, ids);
    return ids;
  }
};

}  // namespace bise
