#include "formats/foreign_file.h"

#include <algorithm>

namespace bise {
namespace {

struct Beginning {
  std::string_view bytes;
  std::string_view meaning;
};
constexpr Beginning kBeginnings[] = {
    {"version https://git-lfs",
     "a Git LFS pointer, not the file itself; run \"git lfs pull\" in its folder"},
    {"PK\x03\x04",
     "looks like a PyTorch checkpoint, which is not read; convert it to safetensors "
     "or GGUF"},
    {"\x80\x02",
     "looks like a PyTorch checkpoint, which is not read; convert it to safetensors or "
     "GGUF"},
    {"lmgg", "a GGML file from before GGUF, which is not read; convert the model again"},
    {"fmgg", "a GGML file from before GGUF, which is not read; convert the model again"},
    {"tjgg", "a GGML file from before GGUF, which is not read; convert the model again"},
    {"<!", "a web page, not a model; the download went wrong"},
    {"<html", "a web page, not a model; the download went wrong"},
};

}  // namespace

std::optional<std::string_view> foreign_file(std::span<const std::byte> bytes) {
  if (bytes.empty()) return "the file is empty; download it again";
  for (const Beginning& beginning : kBeginnings) {
    const std::string_view expected = beginning.bytes;
    if (bytes.size() >= expected.size() &&
        std::equal(expected.begin(), expected.end(), bytes.begin(),
                   [](char c, std::byte b) { return static_cast<std::byte>(c) == b; })) {
      return beginning.meaning;
    }
  }
  return std::nullopt;
}

}  // namespace bise
