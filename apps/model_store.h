#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace bise {

// Where bise keeps what outlives a call: $BISE_HOME, else $XDG_DATA_HOME/bise, else
// ~/.local/share/bise. Not made before something is written there.
struct DataFolder {
  std::string path;
  std::string models() const { return path + "/models"; }
  std::string history() const { return path + "/history"; }
  std::string chats() const { return path + "/chats"; }
};
DataFolder data_folder();

// Makes the folder and those above it. Errors: io with the system's words.
Result<void> make_folder(const std::string& path);

inline constexpr const char* kStarterName = "starter";

struct StoredModel {
  std::string name;
  std::string path;
  std::uint64_t bytes;  // of all its files
};

// The models in the store by name; "NAME.gguf" and folders with a model in them, of a split GGUF
// the first part.
std::vector<StoredModel> list_models(const DataFolder& data);

// The path of a model that the user named: a path if there is something, else a name in the store.
// Errors: not_found, with what to do.
Result<std::string> resolve_model(const std::string& model, const DataFolder& data);

// "Ministral-3-3B-Q4_K_M" for .../Ministral-3-3B-Q4_K_M.gguf and for such a folder.
std::string model_name_of(const std::string& path);

}  // namespace bise
