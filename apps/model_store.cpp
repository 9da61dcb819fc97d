#include "apps/model_store.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "base/text.h"

namespace bise {
namespace {

namespace fs = std::filesystem;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool exists(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error);
}

bool is_folder(const std::string& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

bool is_model_folder(const std::string& path) {
  return is_folder(path) && (exists(path + "/config.json") || exists(path + "/params.json"));
}

std::uint64_t folder_bytes(const std::string& path) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path, error)) {
    std::error_code file_error;
    const auto size = entry.file_size(file_error);
    if (!file_error) bytes += size;
  }
  return bytes;
}

// "NAME-00001-of-00003.gguf": the part's number, or 0 for a name of another form.
int split_part(const std::string& name) {
  constexpr std::size_t kTail = 20;  // -00001-of-00003.gguf
  if (name.size() <= kTail) return 0;
  const std::string tail = name.substr(name.size() - kTail);
  if (tail[0] != '-' || tail.substr(6, 4) != "-of-") return 0;
  return std::atoi(tail.substr(1, 5).c_str());
}

std::uint64_t split_bytes(const fs::path& first) {
  const std::string prefix =
      first.filename().string().substr(0, first.filename().string().size() - 20);
  std::uint64_t bytes = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(first.parent_path(), error)) {
    const std::string name = entry.path().filename().string();
    std::error_code file_error;
    const auto size = entry.file_size(file_error);
    if (!file_error && name.starts_with(prefix) && split_part(name) > 0) bytes += size;
  }
  return bytes;
}

std::string known_names(const DataFolder& data) {
  std::string names;
  for (const StoredModel& model : list_models(data)) {
    names += concat(names.empty() ? "" : ", ", bise::quoted(model.name));
  }
  return names;
}

}  // namespace

DataFolder data_folder() {
  if (const std::string home = environment("BISE_HOME"); !home.empty()) return {home};
  if (const std::string share = environment("XDG_DATA_HOME"); !share.empty()) {
    return {share + "/bise"};
  }
  return {environment("HOME") + "/.local/share/bise"};
}

Result<void> make_folder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return Error{ErrorCode::io, concat(bise::quoted(path, 400), ": ", error.message())};
  return {};
}

std::string model_name_of(const std::string& path) {
  fs::path name = fs::path(path).lexically_normal();
  if (!name.has_filename()) name = name.parent_path();
  std::string text = name.filename().string();
  if (text.ends_with(".gguf")) {
    if (split_part(text) > 0) return text.substr(0, text.size() - 20);
    text.resize(text.size() - 5);
  }
  return text;
}

std::vector<StoredModel> list_models(const DataFolder& data) {
  std::vector<StoredModel> models;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(data.models(), error)) {
    const std::string path = entry.path().string();
    const std::string file = entry.path().filename().string();
    if (is_model_folder(path)) {
      models.push_back({file, path, folder_bytes(path)});
    } else if (file.ends_with(".gguf") && split_part(file) <= 1) {
      std::error_code size_error;
      const auto size = entry.file_size(size_error);
      if (size_error) continue;
      models.push_back(
          {model_name_of(path), path, split_part(file) == 1 ? split_bytes(entry.path()) : size});
    }
  }
  std::sort(models.begin(), models.end(),
            [](const StoredModel& a, const StoredModel& b) { return a.name < b.name; });
  return models;
}

Result<std::string> resolve_model(const std::string& model, const DataFolder& data) {
  if (model.empty()) return Error{ErrorCode::invalid_argument, "the model's name is empty"};
  if (exists(model)) return model;
  const bool is_path = model.find('/') != std::string::npos || model.ends_with(".gguf");
  if (!is_path) {
    for (const StoredModel& stored : list_models(data)) {
      if (stored.name == model) return stored.path;
    }
    if (model == kStarterName) {
      return Error{
          ErrorCode::not_found,
          concat("the starter model is not here yet: ./run run starter fetches it (93 MB), "
                 "or put the file at ",
                 bise::quoted(data.models() + "/starter.gguf", 400))};
    }
    const std::string names = known_names(data);
    return Error{
        ErrorCode::not_found,
        concat("no model is called \"", bise::quoted(model), "\": give a path, or put the file at ",
               bise::quoted(data.models() + "/" + model + ".gguf", 400),
               names.empty() ? std::string() : concat(" (there are: ", names, ")"))};
  }
  return Error{ErrorCode::not_found, concat(bise::quoted(model, 400), ": no such file or folder")};
}

}  // namespace bise
