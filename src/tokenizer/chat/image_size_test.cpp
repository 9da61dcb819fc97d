#include "tokenizer/chat/image_size.h"

#include <gtest/gtest.h>

#include <string>

namespace bise {
namespace {

using namespace std::string_literals;

void expect_size(const std::string& file, int width, int height) {
  const Result<ImageSize> size = read_image_size(file);
  ASSERT_TRUE(size.ok()) << size.error().message;
  EXPECT_EQ(size->width, width);
  EXPECT_EQ(size->height, height);
}

// Every shorter file is refused, in words.
void expect_refused_when_cut(const std::string& file) {
  for (std::size_t length = 0; length < file.size(); ++length) {
    const Result<ImageSize> size = read_image_size(std::string_view(file).substr(0, length));
    ASSERT_FALSE(size.ok()) << length;
    EXPECT_FALSE(size.error().message.empty());
  }
}

TEST(ImageSize, ReadsPng) {
  const std::string file = "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x01\x02\0\0\0\x03"s;
  expect_size(file, 258, 3);
  expect_refused_when_cut(file);
}

TEST(ImageSize, ReadsJpegBehindOtherSegments) {
  const std::string file =
      "\xff\xd8\xff\xe0\x00\x04zz\xff\xff\xdb\x00\x03x\xff\xc2\x00\x0b\x08\x00\x07\x01\x00"s;
  expect_size(file, 256, 7);
  expect_refused_when_cut(file);
}

TEST(ImageSize, RefusesJpegWithoutFrameHeader) {
  EXPECT_FALSE(read_image_size("\xff\xd8\xff\xda\x00\x08\x03\x01\x00\x02\x11\x03"s).ok());
  EXPECT_FALSE(read_image_size("\xff\xd8\xff\xc4\x00\x08\x03\x01\x00\x02\x11\x03"s).ok());
}

TEST(ImageSize, ReadsTheThreeKindsOfWebp) {
  const std::string head = "RIFF\x24\0\0\0WEBP"s;
  const std::string lossy = head + "VP8 \x18\0\0\0\x30\x01\x00\x9d\x01\x2a\x05\xc0\x06\x40"s;
  expect_size(lossy, 5, 6);  // the two top bits are a scale
  expect_refused_when_cut(lossy);
  // width - 1 = 299, height - 1 = 199: 14 bits each, little-endian
  const std::string lossless = head + "VP8L\x18\0\0\0\x2f\x2b\xc1\x31\x00"s;
  expect_size(lossless, 300, 200);
  expect_refused_when_cut(lossless);
  const std::string extended = head + "VP8X\x0a\0\0\0\0\0\0\0\x2b\x01\x00\xc7\x00\x00"s;
  expect_size(extended, 300, 200);
  expect_refused_when_cut(extended);
}

TEST(ImageSize, ReadsGifAndEnlargesTheScreenForItsFirstFrame) {
  const std::string screen = "GIF89a\x0a\0\x14\0\x80\0\0AAABBB"s;
  const std::string comment = "!\xfe\x03zzz\0"s;
  expect_size(screen + comment + ",\0\0\0\0\x0a\0\x14\0"s, 10, 20);
  expect_size(screen + comment + ",\x05\0\0\0\x0a\0\x14\0"s, 15, 20);
  expect_refused_when_cut(screen + comment + ",\x05\0\0\0\x0a\0\x14\0"s);
  EXPECT_FALSE(read_image_size(screen + ";").ok());
}

TEST(ImageSize, ReadsBmpOfBothAgesAndTopDown) {
  const std::string head = "BM\0\0\0\0\0\0\0\0\0\0\0\0"s;
  expect_size(head + "\x0c\0\0\0\x07\0\x08\0"s, 7, 8);
  expect_size(head + "\x28\0\0\0\x07\0\0\0\x08\0\0\0"s, 7, 8);
  expect_size(head + "\x28\0\0\0\x07\0\0\0\xf8\xff\xff\xff"s, 7, 8);
}

TEST(ImageSize, RefusesEmptyHugeAndOtherImages) {
  const std::string head = "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"s;
  EXPECT_FALSE(read_image_size(head + "\0\0\0\0\0\0\0\x03"s).ok());
  EXPECT_FALSE(read_image_size(head + "\0\x01\0\0\0\x01\0\0"s).ok());
  EXPECT_FALSE(read_image_size(head + "\xff\xff\xff\xff\0\0\0\x01"s).ok());
  EXPECT_FALSE(read_image_size("II*\0"s).ok());
  EXPECT_FALSE(read_image_size("").ok());
}

TEST(ImageGrid, CoversTheImageAndShrinksWhatIsTooLarge) {
  const ImageSettings settings{.patch_size = 14, .size_max = 1540, .merge_size = 2};
  const auto grid = [&](int width, int height) {
    const ImageGrid made = image_grid({.width = width, .height = height}, settings);
    return std::pair(made.rows, made.cols);
  };
  EXPECT_EQ(grid(1, 1), std::pair(1, 1));
  EXPECT_EQ(grid(28, 29), std::pair(2, 1));
  EXPECT_EQ(grid(1540, 1540), std::pair(55, 55));
  EXPECT_EQ(grid(3080, 100), std::pair(2, 55));
  EXPECT_EQ(grid(100000, 3), std::pair(1, 55));  // 0.05 pixels high become 1
  EXPECT_EQ(grid(3080, 57), std::pair(1, 55));   // 28.5 becomes 28: halves to even
  EXPECT_EQ(grid(3080, 59), std::pair(2, 55));   // 29.5 becomes 30
}

}  // namespace
}  // namespace bise
