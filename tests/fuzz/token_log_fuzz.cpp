// The tokens of an answer as the store keeps them: what can be read is written the same again.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/page/token_log.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bise;
  const std::string_view log(reinterpret_cast<const char*>(data), size);
  const auto tokens = api::read_token_log(log);
  if (!tokens.ok()) return 0;
  std::string again;
  for (const api::LoggedToken& token : *tokens) api::append_token(again, token);
  CHECK(again == log);
  return 0;
}
