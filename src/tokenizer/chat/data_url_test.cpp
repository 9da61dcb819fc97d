#include "tokenizer/chat/data_url.h"

#include <gtest/gtest.h>

namespace bise {
namespace {

TEST(Base64, DecodesEveryLength) {
  EXPECT_EQ(decode_base64_lenient("").value(), "");
  EXPECT_EQ(decode_base64_lenient("YQ==").value(), "a");
  EXPECT_EQ(decode_base64_lenient("YWI=").value(), "ab");
  EXPECT_EQ(decode_base64_lenient("YWJj").value(), "abc");
  EXPECT_EQ(decode_base64_lenient("+/8=").value(), "\xfb\xff");
}

// The same answers as Python's base64.b64decode gives.
TEST(Base64, IsAsLenientAsPython) {
  EXPECT_EQ(decode_base64_lenient("Y W\nJ*j").value(), "abc");
  EXPECT_EQ(decode_base64_lenient("YQ==YQ==").value(), "a");
  EXPECT_EQ(decode_base64_lenient("=YWJj").value(), "abc");
  EXPECT_EQ(decode_base64_lenient("Y=Q==").value(), "a");
  EXPECT_EQ(decode_base64_lenient("@@@").value(), "");
  EXPECT_FALSE(decode_base64_lenient("YQ=").ok());
  EXPECT_FALSE(decode_base64_lenient("YQ").ok());
  EXPECT_FALSE(decode_base64_lenient("Y").ok());
  EXPECT_FALSE(decode_base64_lenient("YWJj\u00e9").ok());
}

TEST(DataUrl, IsReadInItsOneForm) {
  EXPECT_EQ(read_data_url("data:image/png;base64,YWJj").value(), "abc");
  EXPECT_EQ(read_data_url("data:;charset=x;base64,YWJj").value(), "abc");
  for (const char* url : {"data:image/png;base64,", "data:text/plain,abc", "data:image/png;base64",
                          "data:image/png,;base64,YWJj"}) {
    EXPECT_FALSE(read_data_url(url).ok()) << url;
  }
}

TEST(DataUrl, NothingIsFetchedAndNoFileOpened) {
  for (const char* url : {"https://example.org/a.png", "file:///etc/hostname", "a.png", ""}) {
    const Result<std::string> read = read_data_url(url);
    ASSERT_FALSE(read.ok()) << url;
    EXPECT_NE(read.error().message.find("data:TYPE;base64,BYTES"), std::string::npos);
  }
}

}  // namespace
}  // namespace bise
