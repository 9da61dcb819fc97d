#include "formats/checkpoint.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "formats/gguf/gguf_content.h"
#include "formats/gguf/open_gguf.h"
#include "formats/opened_checkpoint.h"

namespace bise {
namespace {

bool begins_with(std::span<const std::byte> bytes, std::string_view text) {
  return bytes.size() >= text.size() &&
         std::equal(text.begin(), text.end(), bytes.begin(),
                    [](char c, std::byte b) { return static_cast<std::byte>(c) == b; });
}

constexpr std::string_view kNoModel = "neither a GGUF file nor part of a safetensors folder";

// What a file that is no model may be instead, and what to do then.
Error not_a_model(const std::string& path, std::span<const std::byte> bytes) {
  std::string_view what = kNoModel;
  if (bytes.empty()) {
    what = "the file is empty; download it again";
  } else if (begins_with(bytes, "version https://git-lfs")) {
    what = "a Git LFS pointer, not the file itself; run \"git lfs pull\" in its folder";
  } else if (begins_with(bytes, "PK\x03\x04") || begins_with(bytes, "\x80\x02")) {
    what = "looks like a PyTorch checkpoint, which is not read; convert it to safetensors or GGUF";
  } else if (begins_with(bytes, "lmgg") || begins_with(bytes, "fmgg") ||
             begins_with(bytes, "tjgg")) {
    what = "a GGML file from before GGUF, which is not read; convert the model again";
  } else if (begins_with(bytes, "<!") || begins_with(bytes, "<html")) {
    what = "a web page, not a model; the download went wrong";
  }
  if (path.ends_with(".gguf") && what == kNoModel) {
    what = "not a GGUF file in spite of its name; download it again";
  }
  return Error{ErrorCode::not_supported, concat(quoted(path, 400), ": ", what)};
}

Result<OpenedCheckpoint> open_any(const std::string& path) {
  MappedFile map = TRY(MappedFile::open(path));
  if (gguf::has_gguf_magic(map.bytes())) return gguf::open_gguf(path);
  return not_a_model(path, map.bytes());
}

}  // namespace

bool FileTensor::has_shape(std::initializer_list<std::int64_t> expected) const {
  const std::size_t count = std::max(shape.size(), expected.size());
  const auto length_from_end = [](const auto& lengths, std::size_t i) {
    return i < lengths.size() ? *(lengths.end() - 1 - static_cast<std::ptrdiff_t>(i))
                              : std::int64_t{1};
  };
  for (std::size_t i = 0; i < count; ++i) {
    if (length_from_end(shape, i) != length_from_end(expected, i)) return false;
  }
  return true;
}

struct Checkpoint::State {
  OpenedCheckpoint opened;
};

Result<Checkpoint> Checkpoint::open(const std::string& path) {
  auto state = std::make_unique<State>();
  state->opened = TRY(open_any(path));
  return Checkpoint(std::move(state));
}

Checkpoint::Checkpoint(std::unique_ptr<State> state) : state_(std::move(state)) {}
Checkpoint::Checkpoint(Checkpoint&&) noexcept = default;
Checkpoint& Checkpoint::operator=(Checkpoint&&) noexcept = default;
Checkpoint::~Checkpoint() = default;

CheckpointForm Checkpoint::form() const {
  return state_->opened.form;
}
const std::string& Checkpoint::path() const {
  return state_->opened.path;
}
const std::vector<std::string>& Checkpoint::files() const {
  return state_->opened.files;
}
std::uint64_t Checkpoint::file_bytes() const {
  return state_->opened.file_bytes;
}
std::uint64_t Checkpoint::copied_bytes() const {
  return state_->opened.copied_bytes;
}
const std::vector<FileTensor>& Checkpoint::tensors() const {
  return state_->opened.tensors;
}
const Json& Checkpoint::metadata() const {
  return state_->opened.metadata;
}
const std::string& Checkpoint::folder() const {
  return state_->opened.folder;
}
const Checkpoint::GgufTokenizer& Checkpoint::gguf_tokenizer() const {
  return state_->opened.tokenizer;
}

const FileTensor* Checkpoint::find(std::string_view name) const {
  const auto& by_name = state_->opened.tensor_by_name;
  const auto entry = by_name.find(name);
  return entry == by_name.end() ? nullptr : &state_->opened.tensors[entry->second];
}

}  // namespace bise
