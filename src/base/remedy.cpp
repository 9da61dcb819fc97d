#include "base/remedy.h"

#include <algorithm>

#include "base/text.h"

namespace bise {

Error with_remedy(Error error, std::string_view path, std::string_view supported) {
  const std::string shown = quoted(path, 400);
  const std::string& message = error.message;
  const auto end_of_path =
      std::mismatch(message.begin(), message.end(), shown.begin(), shown.end()).first;
  const auto from = static_cast<std::size_t>(end_of_path - message.begin());
  if (message.find("; ", from) != std::string::npos) return error;
  if (error.code == ErrorCode::corrupt_file) {
    error.message +=
        "; the file is damaged or was converted wrongly: take a new copy or convert it again";
  } else if (error.code == ErrorCode::not_supported) {
    error.message += concat("; ", supported);
  }
  return error;
}

}  // namespace bise
