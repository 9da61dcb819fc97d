// Any bytes as an image file: a size within the bounds, or an error in words.

#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "tokenizer/chat/image_size.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto read =
      bise::read_image_size(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!read.ok()) {
    CHECK(!read.error().message.empty());
    return 0;
  }
  CHECK(read->width > 0 && read->height > 0);
  const auto grid = bise::image_grid(*read, {.patch_size = 14, .size_max = 1540, .merge_size = 2});
  CHECK(grid.rows >= 1 && grid.rows <= 55 && grid.cols >= 1 && grid.cols <= 55);
  return 0;
}
