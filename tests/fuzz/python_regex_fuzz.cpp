// Any bytes as a pattern: a decision, without running away.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "tokenizer/chat/python_regex.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view pattern(reinterpret_cast<const char*>(data), size);
  const bool fine = bise::check_python_regex(pattern).ok();
  // A group around it changes nothing, but where flags for the whole stand in front and where it
  // is nested as deeply as is allowed.
  const bool flags_in_front = pattern.starts_with("(?");
  if (fine && !flags_in_front && size < 150 && pattern.find('#') == pattern.npos) {
    CHECK(bise::check_python_regex("(?:" + std::string(pattern) + ")").ok());
  }
  return 0;
}
