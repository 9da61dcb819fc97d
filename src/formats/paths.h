#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bise {

// "a/b/c" -> "a/b"; "." when there is no slash.
std::string folder_of(std::string_view path);
// "a/b/c" -> "c".
std::string_view file_name_of(std::string_view path);
std::string join_path(std::string_view folder, std::string_view name);

bool is_folder(const std::string& path);
bool is_file(const std::string& path);

// Names of the regular files of a folder (links followed), sorted. Error: io with the system's
// words.
Result<std::vector<std::string>> file_names_in(const std::string& folder);

}  // namespace bise
