// Any bytes as text, with the small vocabulary: encoding gives the text back, whole and streamed.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/utf8.h"
#include "tokenizer/detokenizer.h"
#include "tokenizer/load.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto loaded = bise::load_tokenizer("tests/golden/tokenizer/small-tekken.json");
  CHECK(loaded.ok());
  const bise::Tokenizer& tokenizer = *loaded->tokenizer;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string valid = bise::replace_invalid_utf8(text);
  const auto ids = tokenizer.encode(text);
  CHECK(bise::decode_bytes(tokenizer, ids) == valid);
  CHECK(bise::decode(tokenizer, ids) == valid);

  // The bytes themselves as ids, control tokens among them: what is streamed is what is decoded.
  std::vector<bise::TokenId> any;
  for (const unsigned char c : text) any.push_back(c < 8 ? c : 64 + c);
  bise::Detokenizer detokenizer(tokenizer);
  std::string streamed;
  for (const bise::TokenId id : any) streamed.append(detokenizer.push(id));
  streamed.append(detokenizer.flush());
  CHECK(bise::is_valid_utf8(streamed));
  CHECK(streamed == bise::decode(tokenizer, any));
  return 0;
}
