#include "formats/checkpoint.h"

#include <algorithm>
#include <utility>

#include "base/remedy.h"
#include "base/text.h"
#include "formats/foreign_file.h"
#include "formats/gguf/gguf_content.h"
#include "formats/gguf/open_gguf.h"
#include "formats/opened_checkpoint.h"
#include "formats/paths.h"
#include "formats/safetensors/open_folder.h"
#include "formats/safetensors/safetensors_file.h"

namespace bise {
namespace {

constexpr std::string_view kOtherModel = "take the model as GGUF or safetensors";

Error not_a_model(const std::string& path, std::span<const std::byte> bytes) {
  const std::string_view otherwise = path.ends_with(".gguf")
                                         ? "not a GGUF file in spite of its name; download it again"
                                         : "neither a GGUF file nor part of a safetensors folder";
  return Error{ErrorCode::not_supported,
               concat(quoted(path, 400), ": ", foreign_file(bytes).value_or(otherwise))};
}

bool any_ends_with(const std::vector<std::string>& names, std::string_view ending) {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return name.ends_with(ending); });
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::binary_search(names.begin(), names.end(), name);
}

// Why a folder is no model, and what is missing.
Error no_model_in(const std::string& folder, const std::vector<std::string>& names) {
  std::string_view what =
      "holds no model: neither a GGUF file nor safetensors with config.json or "
      "params.json";
  if (contains(names, "adapter_config.json")) {
    what = "holds an adapter, not a model; name the model that it belongs to";
  } else if (any_ends_with(names, ".bin") || any_ends_with(names, ".pth")) {
    what = "holds PyTorch weights only, which are not read; convert them to safetensors or GGUF";
  } else if (contains(names, "config.json") || contains(names, "params.json")) {
    what = "holds a configuration but no safetensors weights; download them too";
  } else if (any_ends_with(names, ".safetensors")) {
    what = "holds safetensors weights but neither config.json nor params.json; download it too";
  }
  return Error{ErrorCode::not_found, concat(quoted(folder, 400), ": ", what)};
}

// A folder may hold both forms, one of them incomplete: the first complete one is taken.
Result<OpenedCheckpoint> open_model_folder(const std::string& folder) {
  const std::vector<std::string> names = TRY(file_names_in(folder));
  std::optional<Error> first_failure;
  for (const safetensors::FolderForm& form :
       {safetensors::kHuggingFace, safetensors::kConsolidated}) {
    if (!contains(names, form.config)) continue;
    const auto weights = safetensors::find_weights(form, folder, names);
    if (weights.ok() && !weights->names.empty()) {
      return safetensors::open_folder(form, folder, *weights);
    }
    if (!weights.ok() && !first_failure) first_failure = weights.error();
  }
  if (first_failure) return *first_failure;
  if (any_ends_with(names, ".gguf")) return gguf::open_only_gguf(folder, names);
  return no_model_in(folder, names);
}

// A file inside a folder stands for the folder's model, in the form that the file belongs to.
Result<OpenedCheckpoint> open_around(const std::string& path) {
  const std::string folder = folder_of(path);
  const std::string_view name = file_name_of(path);
  const bool is_consolidated = name == "params.json" || name.starts_with("consolidated");
  const safetensors::FolderForm& form =
      is_consolidated ? safetensors::kConsolidated : safetensors::kHuggingFace;
  const std::vector<std::string> names = TRY(file_names_in(folder));
  if (!contains(names, form.config)) {
    return Error{ErrorCode::not_found, concat(quoted(path, 400), ": ", form.config,
                                              " is not beside it; download it too")};
  }
  const safetensors::WeightFiles weights = TRY(safetensors::find_weights(form, folder, names));
  if (weights.names.empty()) return no_model_in(folder, names);
  if (name != form.config && name != form.index && !contains(weights.names, name)) {
    return Error{ErrorCode::invalid_argument,
                 concat(quoted(path, 400), ": not one of the weight files of its folder (",
                        quoted(weights.names.front()), "); name the folder to open those")};
  }
  return safetensors::open_folder(form, folder, weights);
}

Result<OpenedCheckpoint> open_any(const std::string& path) {
  if (is_folder(path)) return open_model_folder(path);
  MappedFile map = TRY(MappedFile::open(path));
  if (gguf::has_gguf_magic(map.bytes())) return gguf::open_gguf(std::move(map));
  const std::string_view name = file_name_of(path);
  const bool belongs_to_folder =
      name == "config.json" || name == "params.json" || name.ends_with(".safetensors.index.json") ||
      name.ends_with(".safetensors") || safetensors::looks_like_safetensors(map.bytes());
  if (belongs_to_folder) {
    { const MappedFile released = std::move(map); }  // opened again as one of the folder's
    return open_around(path);
  }
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
  Result<OpenedCheckpoint> opened = open_any(path);
  if (!opened.ok()) return with_remedy(std::move(opened).error(), path, kOtherModel);
  state->opened = std::move(opened).value();
  state->opened.path = path;
  return Checkpoint(std::move(state));
}

Checkpoint Checkpoint::of_metadata(CheckpointForm form, std::string path, Json metadata) {
  CHECK(metadata.is_object());
  auto state = std::make_unique<State>();
  state->opened.form = form;
  state->opened.folder = folder_of(path);
  state->opened.path = std::move(path);
  state->opened.metadata = std::move(metadata);
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
