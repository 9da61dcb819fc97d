#pragma once

#include <string_view>

#include "base/result.h"
#include "tokenizer/prompt_settings.h"

namespace bise {

struct ImageSize {
  int width = 0;
  int height = 0;
};

// Width and height from the header of a PNG, JPEG, WebP, GIF or BMP file; the pixels are not
// looked at. Refused: other formats, empty images and more than 178,956,970 pixels.
Result<ImageSize> read_image_size(std::string_view file);

// Image tokens of one prepared image.
struct ImageGrid {
  int rows = 0;
  int cols = 0;
};

// The grid that covers the image after it was shrunk, if need be, to size_max a side.
ImageGrid image_grid(ImageSize size, const ImageSettings& settings);

}  // namespace bise
