// Any bytes as a tekken.json: read or refused; what was read encodes any text and gives it back.

#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/utf8.h"
#include "tokenizer/detokenizer.h"
#include "tokenizer/load.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto loaded = bise::load_tekken(text);
  if (!loaded.ok()) {
    CHECK(!loaded.error().message.empty());
    return 0;
  }
  const bise::Tokenizer& tokenizer = *loaded->tokenizer;
  const std::string_view part = text.substr(size / 2, 4096);
  const auto ids = tokenizer.encode(part);
  for (const bise::TokenId id : ids) CHECK(!tokenizer.is_control(id));
  CHECK(bise::decode(tokenizer, ids) == bise::replace_invalid_utf8(part));
  return 0;
}
