// Stands in for libFuzzer where it is not built: runs the target once over every file below the
// folders named, so that each compiler and sanitizer sees the seeds and what was once found.

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void replay(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  std::printf("%s\n", path.c_str());
  std::fflush(stdout);  // the last name printed is the one that ended the process
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

}  // namespace

int main(int argument_count, char** arguments) {
  LLVMFuzzerTestOneInput(nullptr, 0);
  int file_count = 0;
  for (int index = 1; index < argument_count; ++index) {
    if (!std::filesystem::is_directory(arguments[index])) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(arguments[index])) {
      if (!entry.is_regular_file()) continue;
      replay(entry.path());
      ++file_count;
    }
  }
  std::printf("replayed %d files\n", file_count);
  if (file_count == 0) std::printf("a fuzz target needs seeds: tests/fuzz/seeds/NAME/\n");
  return file_count > 0 ? 0 : 1;
}
