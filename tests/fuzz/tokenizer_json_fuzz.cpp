// Any bytes as a Hugging Face tokenizer.json, and as what lies beside it: read or refused; what was
// read encodes any text without control tokens.

#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "tokenizer/detokenizer.h"
#include "tokenizer/load.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // A line of its own divides the files.
  constexpr std::string_view kDivider = "\n----\n";
  const std::size_t at = text.find(kDivider);
  bise::HfTokenizerSource source;
  source.tokenizer_json = text.substr(0, at);
  if (at != std::string_view::npos) source.config_json = text.substr(at + kDivider.size());
  const auto loaded = bise::load_hf_tokenizer(source);
  if (!loaded.ok()) {
    CHECK(!loaded.error().message.empty());
    return 0;
  }
  const bise::Tokenizer& tokenizer = *loaded->tokenizer;
  const auto ids = tokenizer.encode(text.substr(size / 2, 4096));
  for (const bise::TokenId id : ids) CHECK(!tokenizer.is_control(id));
  (void)bise::decode(tokenizer, ids, bise::ControlTokens::write_out);
  return 0;
}
