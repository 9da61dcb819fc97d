#include "formats/npy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "base/mapped_file.h"
#include "base/text.h"

namespace bise {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kAlignment = 64;

Error system_error(const std::string& path, const char* what) {
  return Error{ErrorCode::io, concat(quoted(path, 400), ": ", what, ": ", std::strerror(errno))};
}

Result<void> write_all(int descriptor, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error(path, "cannot write");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

std::string header_of(std::int64_t rows, std::int64_t cols) {
  std::string text =
      concat("{'descr': '<f4', 'fortran_order': False, 'shape': (", rows, ", ", cols, "), }");
  const std::size_t before = kMagic.size() + 4;
  text.append(kAlignment - 1 - (before + text.size()) % kAlignment, ' ');
  text += '\n';
  std::string header(kMagic);
  header += '\x01';
  header += '\0';
  header += static_cast<char>(text.size() & 255);
  header += static_cast<char>(text.size() >> 8);
  return header + text;
}

// The text after KEY and the colon in a header that numpy wrote; nothing when it is not there.
std::optional<std::string_view> after_key(std::string_view header, std::string_view key) {
  const std::size_t at = header.find(concat("'", key, "':"));
  if (at == std::string_view::npos) return std::nullopt;
  header.remove_prefix(at + key.size() + 3);
  header.remove_prefix(std::min(header.find_first_not_of(' '), header.size()));
  return header;
}

// "(3, 5)": both numbers.
std::optional<std::pair<std::int64_t, std::int64_t>> two_counts(std::string_view text) {
  std::int64_t counts[2] = {};
  for (int i = 0; i < 2; ++i) {
    if (!text.starts_with(i == 0 ? "(" : ",")) return std::nullopt;
    text.remove_prefix(1);
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), counts[i]);
    if (failure != std::errc() || counts[i] < 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  }
  if (!text.starts_with(")") && !text.starts_with(",)")) return std::nullopt;
  return std::pair(counts[0], counts[1]);
}

Error no_matrix(std::string_view what) {
  return Error{ErrorCode::not_supported,
               concat("expected a .npy file of float32 with two dimensions: ", what)};
}

}  // namespace

Result<NpyWriter> NpyWriter::create(const std::string& path, std::int64_t rows, std::int64_t cols) {
  CHECK(rows >= 0 && cols >= 0);
  struct stat status = {};
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    return Error{ErrorCode::invalid_argument,
                 concat(quoted(path, 400), ": not a regular file; name another one")};
  }
  NpyWriter writer;
  writer.path_ = path;
  std::string temporary = path + ".partial-XXXXXX";
  writer.descriptor_ = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (writer.descriptor_ < 0) return system_error(path, "cannot create");
  writer.temporary_path_ = std::move(temporary);
  writer.missing_ = rows * cols;
  TRY_VOID(write_all(writer.descriptor_, header_of(rows, cols), path));
  return writer;
}

Result<void> NpyWriter::append(std::span<const float> values) {
  CHECK(descriptor_ >= 0);
  CHECK(static_cast<std::int64_t>(values.size()) <= missing_);
  missing_ -= static_cast<std::int64_t>(values.size());
  return write_all(descriptor_,
                   {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)},
                   path_);
}

Result<void> NpyWriter::finish() {
  CHECK(descriptor_ >= 0);
  CHECK(missing_ == 0);
  // mkostemp makes files that only their owner may read; a result is as any other file.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  if (::fchmod(descriptor_, 0666 & ~mask) != 0) return system_error(path_, "cannot set its mode");
  // Some file systems report a full disk only here.
  if (::close(std::exchange(descriptor_, -1)) != 0) return system_error(path_, "cannot write");
  if (::rename(temporary_path_.c_str(), path_.c_str()) != 0) {
    return system_error(path_, "cannot give the finished file its name");
  }
  temporary_path_.clear();
  return {};
}

NpyWriter::NpyWriter(NpyWriter&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_path_(std::exchange(other.temporary_path_, {})),
      descriptor_(std::exchange(other.descriptor_, -1)),
      missing_(other.missing_) {}

NpyWriter::~NpyWriter() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_path_.empty()) ::unlink(temporary_path_.c_str());
}

Result<FloatMatrix> parse_npy(std::string_view bytes) {
  if (!bytes.starts_with(kMagic) || bytes.size() < 12) return no_matrix("found something else");
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  std::size_t start = 10, length = byte(8) | byte(9) << 8u;
  if (byte(6) >= 2) {
    start = 12;
    length |= static_cast<std::size_t>(byte(10)) << 16 | static_cast<std::size_t>(byte(11)) << 24;
  }
  if (length > bytes.size() - start) return no_matrix("it ends inside its header");
  const std::string_view header = bytes.substr(start, length);
  const auto type = after_key(header, "descr"), order = after_key(header, "fortran_order"),
             shape = after_key(header, "shape");
  if (!type || !type->starts_with("'<f4'")) return no_matrix("its numbers are of another type");
  if (!order || !order->starts_with("False")) return no_matrix("it is in column order");
  const auto counts = shape ? two_counts(*shape) : std::nullopt;
  if (!counts) return no_matrix("its shape is another");
  const std::string_view data = bytes.substr(start + length);
  const auto [rows, cols] = *counts;
  const auto available = static_cast<std::int64_t>(data.size() / sizeof(float));
  if (data.size() % sizeof(float) != 0 || (cols != 0 && rows > available / cols) ||
      rows * cols != available) {
    return no_matrix(concat("its shape is ", rows, " x ", cols, ", but it holds ", data.size(),
                            " bytes of numbers"));
  }
  FloatMatrix matrix{rows, cols, std::vector<float>(static_cast<std::size_t>(available))};
  if (!data.empty()) std::memcpy(matrix.values.data(), data.data(), data.size());
  return matrix;
}

Result<FloatMatrix> read_npy(const std::string& path) {
  const MappedFile map = TRY(MappedFile::open(path));
  const auto bytes = map.bytes();
  Result<FloatMatrix> matrix =
      parse_npy({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (!matrix.ok()) return std::move(matrix).error().in(quoted(path, 400));
  return matrix;
}

}  // namespace bise
