// What happens when the files of an opened model change on the disk: whole processes, since the
// answer to a missing page is to end with a sentence.

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstring>

#include "formats/checkpoint.h"
#include "formats/gguf/test_gguf.h"
#include "formats/test_files.h"

namespace bise {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kDataBytes = 1 << 20;

std::string gguf_file() {
  return test::GgufBuilder().tensor("t", {kDataBytes / 4}, 0, 0).file(kDataBytes);
}

std::string safetensors_file() {
  const std::string header = R"({"t":{"dtype":"U8","shape":[1048576],"data_offsets":[0,1048576]}})";
  std::string bytes(8, '\0');
  bytes[0] = static_cast<char>(header.size());
  return bytes + header + std::string(kDataBytes, 'x');
}

unsigned sum_of(const FileTensor& tensor) {
  unsigned sum = 0;
  for (const std::byte byte : tensor.bytes) sum += static_cast<unsigned>(byte);
  return sum;
}

// Opens `path`, changes the file, then reads the whole tensor; ends with 0 if that went well. The
// folder is removed by the parent.
template <class Change>
[[noreturn]] void read_after(const std::string& path, const std::string& file, Change change) {
  // The expected end writes no core file.
  const rlimit none = {0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  const Result<Checkpoint> opened = Checkpoint::open(path);
  if (!opened.ok()) std::_Exit(70);
  change(file);
  std::fprintf(stderr, "sum %u\n", sum_of(opened->tensors().front()));
  std::_Exit(0);
}

void cut_in_half(const std::string& file) {
  fs::resize_file(file, kDataBytes / 2);
}
void empty(const std::string& file) {
  fs::resize_file(file, 0);
}
void remove(const std::string& file) {
  fs::remove(file);
}

constexpr const char* kMessage =
    "^bise: .*model\\.(gguf|safetensors): the file became shorter or unreadable while it was in "
    "use; put it back whole and start again\n$";

TEST(ChangedFile, EndsWithASentenceWhenAGgufShrinks) {
  const test::TemporaryFolder folder;
  const std::string path = folder.write("model.gguf", gguf_file());
  EXPECT_EXIT(read_after(path, path, cut_in_half), testing::ExitedWithCode(2), kMessage);
  folder.write("model.gguf", gguf_file());
  EXPECT_EXIT(read_after(path, path, empty), testing::ExitedWithCode(2), kMessage);
}

TEST(ChangedFile, EndsWithASentenceWhenAShardShrinks) {
  const test::TemporaryFolder folder;
  folder.write("config.json", "{}");
  const std::string path = folder.write("model.safetensors", safetensors_file());
  EXPECT_EXIT(read_after(folder.path(), path, cut_in_half), testing::ExitedWithCode(2), kMessage);
}

TEST(ChangedFile, GoesOnWithAFileThatWasRemovedOrReplaced) {
  const test::TemporaryFolder folder;
  const std::string path = folder.write("model.gguf", gguf_file());
  const std::string sum = "sum " + std::to_string(kDataBytes / 256 * (255 * 128));
  EXPECT_EXIT(read_after(path, path, remove), testing::ExitedWithCode(0), sum);
  folder.write("model.gguf", gguf_file());
  const auto replace = [&](const std::string& file) {
    fs::rename(folder.write("new", "another file"), file);
  };
  EXPECT_EXIT(read_after(path, path, replace), testing::ExitedWithCode(0), sum);
}

}  // namespace
}  // namespace bise
