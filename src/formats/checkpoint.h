#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "tensor/element_type.h"

namespace bise {

// More than any model has; a file that lists more is refused early.
inline constexpr std::size_t kTensorsMax = 1 << 17;

// A tensor as the file has it. Dimensions outermost first: a matrix is {rows, cols} = {out, in},
// row-major (a GGUF's ne is turned round); none at all for a scalar. The bytes lie in the mapped
// file and begin at a multiple of the element's size (of 8 in a GGUF).
struct FileTensor {
  std::string name;
  ElementType type;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;

  // Whether it has this shape, where missing outer dimensions count as 1: a vector of n is also
  // {1, n}.
  bool has_shape(std::initializer_list<std::int64_t> expected) const;
};

enum class CheckpointForm {
  gguf,          // one file, or the first part of a split one
  hf,            // folder with config.json and model*.safetensors
  consolidated,  // folder with params.json and consolidated*.safetensors
};

// An opened model: named tensors in mapped files, and what the files say about them. Everything
// that depends on sizes and offsets has been checked: each tensor's bytes lie inside its file, are
// as long as type and shape say, and no two tensors of a file overlap.
class Checkpoint {
 public:
  // `path`: a GGUF file, a folder, or a file inside such a folder (config.json, params.json, a
  // .safetensors file). The format is told by content, not by the name's ending.
  static Result<Checkpoint> open(const std::string& path);

  // One that is known by its metadata only and has no tensors, for what is asked before there are
  // any. CHECKs that `metadata` is an object.
  static Checkpoint of_metadata(CheckpointForm form, std::string path, Json metadata);

  CheckpointForm form() const;
  const std::string& path() const;
  // All files that make up the model, in order.
  const std::vector<std::string>& files() const;
  std::uint64_t file_bytes() const;
  // Memory beside the mapped files: tensors of a safetensors file that begin at an odd place are
  // copied (old writers did not pad the header). Nearly always 0.
  std::uint64_t copied_bytes() const;

  const std::vector<FileTensor>& tensors() const;  // in file order
  const FileTensor* find(std::string_view name) const;

  // gguf: an object of all keys ("general.architecture": ...) but the arrays kept apart in
  //   gguf_tokenizer(). Arrays are arrays, except that one which would bring the total
  //   beyond 65,536 elements is null. Invalid UTF-8 is replaced. hf: config.json. consolidated:
  //   params.json. Always an object.
  const Json& metadata() const;

  // The folder (hf, consolidated) or the file's folder (gguf), for tokenizer files beside it.
  const std::string& folder() const;

  // GGUF tokenizer arrays, unconverted (views into the mapped file, any bytes); empty for other
  // forms and for arrays that are not there.
  struct GgufTokenizer {
    std::vector<std::string_view> tokens;   // tokenizer.ggml.tokens
    std::vector<std::int32_t> token_types;  // tokenizer.ggml.token_type
    std::vector<std::string_view> merges;   // tokenizer.ggml.merges
  };
  const GgufTokenizer& gguf_tokenizer() const;

  Checkpoint(Checkpoint&&) noexcept;
  Checkpoint& operator=(Checkpoint&&) noexcept;
  ~Checkpoint();

 private:
  struct State;
  explicit Checkpoint(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace bise
