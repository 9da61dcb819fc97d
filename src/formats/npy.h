#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bise {

// Writes a matrix of floats as numpy's .npy, row after row. The file has its name only when it is
// complete: it grows under a temporary one beside it, which is removed if finish() is not reached.
class NpyWriter {
 public:
  // Errors: io with the path and the system's words; invalid_argument when `path` is there and no
  // regular file.
  static Result<NpyWriter> create(const std::string& path, std::int64_t rows, std::int64_t cols);

  // The next numbers, any count of them.
  Result<void> append(std::span<const float> values);
  // Gives the file its name. CHECKs that rows x cols numbers came.
  Result<void> finish();

  NpyWriter(NpyWriter&& other) noexcept;
  NpyWriter& operator=(NpyWriter&&) = delete;
  NpyWriter(const NpyWriter&) = delete;
  ~NpyWriter();

 private:
  NpyWriter() = default;

  std::string path_, temporary_path_;
  int descriptor_ = -1;
  std::int64_t missing_ = 0;  // numbers yet to come
};

struct FloatMatrix {
  std::int64_t rows, cols;
  std::vector<float> values;  // [rows, cols]
};

// A .npy file of little-endian float32 with two dimensions in C order. Errors name the file.
Result<FloatMatrix> read_npy(const std::string& path);
// The same from its bytes; errors do not name the file.
Result<FloatMatrix> parse_npy(std::string_view bytes);

}  // namespace bise
