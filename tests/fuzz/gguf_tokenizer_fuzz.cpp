// Any lines as the tokenizer keys of a GGUF file: read or refused. The first line names the
// pre-tokenizer; of the others, those that begin with a digit are a token with its type, the rest
// are merges.

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "tokenizer/detokenizer.h"
#include "tokenizer/load.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string_view> tokens, merges;
  std::vector<std::int32_t> types;
  bise::GgufTokenizerSource source;
  source.model = "gpt2";
  std::string_view rest = text;
  for (bool first = true; !rest.empty(); first = false) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() < rest.size() ? line.size() + 1 : rest.size());
    if (first) {
      source.pre = line;
    } else if (!line.empty() && line[0] >= '0' && line[0] <= '9') {
      types.push_back(line[0] - '0');
      tokens.push_back(line.substr(1));
    } else {
      merges.push_back(line);
    }
  }
  source.tokens = tokens;
  source.token_types = types;
  source.merges = merges;
  source.bos_id = static_cast<std::int64_t>(size % 7) - 1;
  const auto loaded = bise::load_gguf_tokenizer(source);
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
