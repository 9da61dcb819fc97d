#include "formats/npy.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <numeric>

#include "formats/test_files.h"

namespace bise {
namespace {

namespace fs = std::filesystem;

std::size_t file_count(const test::TemporaryFolder& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()));
}

TEST(Npy, ComesBackAsItWasWritten) {
  const test::TemporaryFolder folder;
  const std::string path = folder.write("out.npy", "an older file");
  std::vector<float> values(3 * 5);
  std::iota(values.begin(), values.end(), -2.5f);
  {
    Result<NpyWriter> writer = NpyWriter::create(path, 3, 5);
    ASSERT_TRUE(writer.ok()) << writer.error().message;
    ASSERT_TRUE(writer->append(std::span(values).first(5)).ok());
    EXPECT_EQ(test::read_file(path), "an older file");
    ASSERT_TRUE(writer->append(std::span(values).subspan(5)).ok());
    ASSERT_TRUE(writer->finish().ok());
  }
  const Result<FloatMatrix> matrix = read_npy(path);
  ASSERT_TRUE(matrix.ok()) << matrix.error().message;
  EXPECT_EQ(matrix->rows, 3);
  EXPECT_EQ(matrix->cols, 5);
  EXPECT_EQ(matrix->values, values);
  EXPECT_EQ(file_count(folder), 1u);
  // The layout of the format's first version: data at a multiple of 64.
  const std::string bytes = test::read_file(path);
  EXPECT_EQ(bytes.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
  EXPECT_EQ((bytes.size() - values.size() * 4) % 64, 0u);
  EXPECT_EQ(bytes[bytes.size() - values.size() * 4 - 1], '\n');
}

TEST(Npy, LeavesNothingBehindWhenItIsNotFinished) {
  const test::TemporaryFolder folder;
  {
    Result<NpyWriter> writer = NpyWriter::create(folder.file("out.npy"), 3, 5);
    ASSERT_TRUE(writer.ok());
    NpyWriter moved = std::move(writer).value();
    ASSERT_TRUE(moved.append(std::vector<float>(5)).ok());
    EXPECT_EQ(file_count(folder), 1u);
  }
  EXPECT_EQ(file_count(folder), 0u);
}

TEST(Npy, SaysWhyItCannotWrite) {
  const auto missing = NpyWriter::create("/no/such/folder/out.npy", 1, 1);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().message,
            "/no/such/folder/out.npy: cannot create: No such file or directory");
  EXPECT_FALSE(NpyWriter::create("/dev/null", 1, 1).ok());
  struct stat status = {};
  ASSERT_EQ(::stat("/dev/null", &status), 0);
  EXPECT_TRUE(S_ISCHR(status.st_mode));
}

// The message of writing 10,000 numbers to a new file.
std::string error_of_writing(const std::string& path) {
  Result<NpyWriter> writer = NpyWriter::create(path, 100, 100);
  if (!writer.ok()) return writer.error().message;
  const Result<void> written = writer->append(std::vector<float>(10'000));
  return written.ok() ? "no error" : written.error().message;
}

// A limit on the size of files stands in for a full disk.
[[noreturn]] void write_beyond_the_limit() {
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit = {1000, 1000};
  if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) std::_Exit(1);
  bool fine = false;
  {
    const test::TemporaryFolder folder;
    const std::string path = folder.file("out.npy");
    fine = error_of_writing(path) == path + ": cannot write: File too large" &&
           file_count(folder) == 0;
  }
  std::_Exit(fine ? 0 : 2);
}

TEST(Npy, FullDisksAreToldInWordsAndLeaveNoFile) {
  EXPECT_EXIT(write_beyond_the_limit(), testing::ExitedWithCode(0), "");
}

TEST(Npy, RefusesWhatIsNoMatrixOfFloats) {
  const auto file = [](const std::string& header, std::size_t bytes) {
    std::string text = std::string("\x93NUMPY\x01\x00", 8);
    text += static_cast<char>(header.size());
    text += '\0';
    return text + header + std::string(bytes, '\0');
  };
  const std::string good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n";
  ASSERT_TRUE(parse_npy(file(good, 24)).ok());
  EXPECT_TRUE(
      parse_npy(file("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 3), }", 0)).ok());
  for (const std::string& bad :
       {std::string(), std::string("\x93NUMPY"), file(good, 20), file(good, 25), file(good, 28),
        file(good, 24).substr(0, 40),
        file("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }", 48),
        file("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", 24),
        file("{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }", 24),
        file("{'descr': '<f4', 'fortran_order': False, 'shape': (-2, -3), }", 24),
        file("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 1), }", 24),
        file("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }", 0),
        file("{'fortran_order': False, 'shape': (2, 3), }", 24)}) {
    EXPECT_FALSE(parse_npy(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace bise
