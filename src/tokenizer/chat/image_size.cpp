#include "tokenizer/chat/image_size.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/text.h"

namespace bise {
namespace {

// Twice Pillow's warning limit, where it refuses to go on.
constexpr std::uint64_t kPixelsMax = 2 * 89'478'485ULL;

Error broken(std::string_view format, std::string_view what) {
  return Error{ErrorCode::corrupt_file, concat("not a readable ", format, " image: ", what)};
}

// Bytes of a file at any offset; beyond its end they read as zero and `short_read` stays set.
class Bytes {
 public:
  explicit Bytes(std::string_view file) : file_(file) {}

  std::uint32_t u8(std::size_t at) {
    if (at >= file_.size()) {
      short_read_ = true;
      return 0;
    }
    return static_cast<unsigned char>(file_[at]);
  }
  std::uint32_t le16(std::size_t at) { return u8(at) | u8(at + 1) << 8; }
  std::uint32_t le24(std::size_t at) { return le16(at) | u8(at + 2) << 16; }
  std::uint32_t le32(std::size_t at) { return le16(at) | le16(at + 2) << 16; }
  std::uint32_t be16(std::size_t at) { return u8(at) << 8 | u8(at + 1); }
  std::uint32_t be32(std::size_t at) { return be16(at) << 16 | be16(at + 2); }
  bool has(std::size_t at, std::string_view word) const {
    return at <= file_.size() && file_.substr(at, word.size()) == word;
  }
  std::size_t size() const { return file_.size(); }
  bool short_read() const { return short_read_; }

 private:
  std::string_view file_;
  bool short_read_ = false;
};

Result<ImageSize> checked(std::string_view format, const Bytes& bytes, std::uint64_t width,
                          std::uint64_t height) {
  if (bytes.short_read()) return broken(format, "it ends within its header");
  if (width == 0 || height == 0) return broken(format, "it has no pixels");
  if (width > kPixelsMax || height > kPixelsMax || width * height > kPixelsMax) {
    return Error{ErrorCode::not_supported,
                 concat("an image of ", width, " x ", height, " pixels; at most ", kPixelsMax,
                        " pixels are read, make it smaller")};
  }
  return ImageSize{static_cast<int>(width), static_cast<int>(height)};
}

Result<ImageSize> read_png(Bytes bytes) {
  if (!bytes.has(12, "IHDR")) return broken("PNG", "its first chunk is not IHDR");
  return checked("PNG", bytes, bytes.be32(16), bytes.be32(20));
}

// Segments (marker, length, content) until the frame header.
Result<ImageSize> read_jpeg(Bytes bytes) {
  std::size_t at = 2;
  while (at + 4 <= bytes.size()) {
    if (bytes.u8(at) != 0xff) {
      ++at;
      continue;
    }
    const std::uint32_t marker = bytes.u8(at + 1);
    if (marker == 0xff) {
      ++at;
      continue;
    }
    const bool stands_alone =
        marker == 0x00 || marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    if (stands_alone) {
      at += 2;
      continue;
    }
    const bool frame =
        marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (frame) return checked("JPEG", bytes, bytes.be16(at + 7), bytes.be16(at + 5));
    if (marker == 0xd9 || marker == 0xda) break;
    at += 2 + std::max<std::size_t>(2, bytes.be16(at + 2));
  }
  return broken("JPEG", "no frame header before its data");
}

Result<ImageSize> read_webp(Bytes bytes) {
  if (bytes.has(12, "VP8X")) {
    return checked("WebP", bytes, bytes.le24(24) + 1ULL, bytes.le24(27) + 1ULL);
  }
  if (bytes.has(12, "VP8L") && bytes.u8(20) == 0x2f) {
    const std::uint32_t packed = bytes.le32(21);  // width - 1 and height - 1, 14 bits each
    return checked("WebP", bytes, (packed & 0x3fff) + 1, (packed >> 14 & 0x3fff) + 1);
  }
  if (bytes.has(12, "VP8 ") && bytes.has(23, "\x9d\x01\x2a")) {
    return checked("WebP", bytes, bytes.le16(26) & 0x3fff, bytes.le16(28) & 0x3fff);
  }
  return broken("WebP", "its first chunk is no picture");
}

// The screen, enlarged to hold the first frame as Pillow does.
Result<ImageSize> read_gif(Bytes bytes) {
  const auto skip_table = [](std::uint32_t flags) {
    return (flags & 0x80) != 0 ? std::size_t{3} << ((flags & 7) + 1) : std::size_t{0};
  };
  const std::uint32_t screen_width = bytes.le16(6), screen_height = bytes.le16(8);
  std::size_t at = 13 + skip_table(bytes.u8(10));
  while (at < bytes.size()) {
    const std::uint32_t kind = bytes.u8(at++);
    if (kind == 0x2c) {
      const std::uint32_t right = bytes.le16(at) + bytes.le16(at + 4);
      const std::uint32_t bottom = bytes.le16(at + 2) + bytes.le16(at + 6);
      return checked("GIF", bytes, std::max(screen_width, right), std::max(screen_height, bottom));
    }
    if (kind == 0x3b) break;
    if (kind != 0x21) continue;
    ++at;  // the extension's label; then sub-blocks, each with its length in front
    while (at < bytes.size() && bytes.u8(at) != 0) at += 1 + bytes.u8(at);
    ++at;
  }
  return broken("GIF", "no frame in it");
}

Result<ImageSize> read_bmp(Bytes bytes) {
  if (bytes.le32(14) == 12) return checked("BMP", bytes, bytes.le16(18), bytes.le16(20));
  const std::uint32_t height = bytes.le32(22);
  const bool top_down = (height & 0x80000000u) != 0;
  return checked("BMP", bytes, bytes.le32(18), top_down ? 0u - height : height);
}

}  // namespace

Result<ImageSize> read_image_size(std::string_view file) {
  const Bytes bytes(file);
  if (bytes.has(0, "\x89PNG\r\n\x1a\n")) return read_png(bytes);
  if (bytes.has(0, "\xff\xd8\xff")) return read_jpeg(bytes);
  if (bytes.has(0, "RIFF") && bytes.has(8, "WEBP")) return read_webp(bytes);
  if (bytes.has(0, "GIF87a") || bytes.has(0, "GIF89a")) return read_gif(bytes);
  if (bytes.has(0, "BM")) return read_bmp(bytes);
  return Error{ErrorCode::not_supported,
               "not an image of a known format; PNG, JPEG, WebP, GIF and BMP are read"};
}

ImageGrid image_grid(ImageSize size, const ImageSettings& settings) {
  double width = size.width, height = size.height;
  const double ratio = std::max(height / settings.size_max, width / settings.size_max);
  if (ratio > 1) {
    // Halves to even, as Python's round; an extreme shape keeps one pixel.
    width = std::max(std::nearbyint(width / ratio), 1.0);
    height = std::max(std::nearbyint(height / ratio), 1.0);
  }
  const int token_size = settings.patch_size * settings.merge_size;
  return {.rows = (static_cast<int>(height) - 1) / token_size + 1,
          .cols = (static_cast<int>(width) - 1) / token_size + 1};
}

}  // namespace bise
