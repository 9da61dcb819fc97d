#include "base/mapped_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include "base/remedy.h"

namespace bise {
namespace {

class MappedFileTest : public testing::Test {
 protected:
  MappedFileTest() {
    std::string pattern = testing::TempDir() + "mapped-file-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~MappedFileTest() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
};

TEST_F(MappedFileTest, NeverWaitsForAPipeWithoutAWriter) {
  const std::string path = folder_ + "/pipe.gguf";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const auto map = MappedFile::open(path);
  ASSERT_FALSE(map.ok());
  EXPECT_EQ(map.error().message, path + ": not a regular file; name a file or a folder");
  const auto text = read_text_file(path, 10);
  ASSERT_TRUE(text.ok()) << text.error().message;
  EXPECT_EQ(*text, "");
}

TEST_F(MappedFileTest, ReadsTextOfABoundedSize) {
  const std::string path = folder_ + "/text";
  std::ofstream(path) << "0123456789";
  EXPECT_EQ(read_text_file(path, 10).value(), "0123456789");
  const auto text = read_text_file(path, 9);
  ASSERT_FALSE(text.ok());
  EXPECT_EQ(text.error().message, path + ": 10 bytes, more than the 9 that such a file may have");
}

TEST_F(MappedFileTest, SaysWhatToDoWhenThereIsNoRoomToMap) {
  // Takes no room on the disk; the 128 TiB a process has are used up by 32 maps of it.
  const std::string path = folder_ + "/large.gguf";
  std::ofstream(path) << "GGUF";
  if (::truncate(path.c_str(), off_t{1} << 42) != 0) GTEST_SKIP() << "no file so large here";
  std::vector<MappedFile> maps;
  Result<MappedFile> map = MappedFile::open(path);
  while (map.ok() && maps.size() < 64) {
    maps.push_back(std::move(map).value());
    map = MappedFile::open(path);
  }
  if (map.ok()) GTEST_SKIP() << "a larger address space than this test knows";
  EXPECT_EQ(map.error().code, ErrorCode::out_of_memory);
  EXPECT_EQ(map.error().message.find(path + ": its 4194304 MiB do not fit into the address"), 0u)
      << map.error().message;
  EXPECT_NE(map.error().message.find("ulimit -v unlimited"), std::string::npos);
}

TEST(Remedy, IsGivenOnceAndForFilesOnly) {
  const auto said = [](ErrorCode code, const char* message) {
    return with_remedy({code, message}, "a; b/m.gguf", "take another").message;
  };
  EXPECT_EQ(said(ErrorCode::corrupt_file, "a; b/m.gguf: x is odd"),
            "a; b/m.gguf: x is odd; the file is damaged or was converted wrongly: take a new copy "
            "or convert it again");
  EXPECT_EQ(said(ErrorCode::not_supported, "a; b/m.gguf: x"), "a; b/m.gguf: x; take another");
  EXPECT_EQ(said(ErrorCode::corrupt_file, "a; b/m.gguf: x; do y"), "a; b/m.gguf: x; do y");
  EXPECT_EQ(said(ErrorCode::io, "a; b/m.gguf: x"), "a; b/m.gguf: x");
}

}  // namespace
}  // namespace bise
