#include "formats/paths.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/text.h"

namespace bise {

namespace fs = std::filesystem;

std::string folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(slash == 0 ? "/" : path.substr(0, slash));
}

std::string_view file_name_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string join_path(std::string_view folder, std::string_view name) {
  return folder.ends_with('/') ? concat(folder, name) : concat(folder, "/", name);
}

bool is_folder(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

bool is_file(const std::string& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

Result<std::vector<std::string>> file_names_in(const std::string& folder) {
  std::error_code failure;
  std::vector<std::string> names;
  fs::directory_iterator entry(folder, failure);
  for (; !failure && entry != fs::directory_iterator(); entry.increment(failure)) {
    std::error_code ignored;
    if (entry->is_regular_file(ignored)) names.push_back(entry->path().filename().string());
  }
  if (failure) {
    return Error{ErrorCode::io, concat(bise::quoted(folder, 400),
                                       ": cannot list the folder: ", failure.message())};
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace bise
