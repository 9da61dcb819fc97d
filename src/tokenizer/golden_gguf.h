#pragma once

// For tests only: the tokenizer keys of a well-formed GGUF file. (formats/ reads them for the
// program; tokenizer/ may not include it.)

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/load.h"

namespace bise::golden {

struct GgufKeys {
  std::string file;  // what the views below look into
  std::map<std::string, std::string_view> strings;
  std::map<std::string, std::int64_t> integers;
  std::map<std::string, std::vector<std::string_view>> string_arrays;
  std::map<std::string, std::vector<std::int32_t>> integer_arrays;

  GgufTokenizerSource tokenizer() const;
};

// CHECKs that the file is what it should be.
GgufKeys read_gguf(const std::string& path);

}  // namespace bise::golden
