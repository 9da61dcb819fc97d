#include "apps/terminal/history.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/json.h"
#include "base/mapped_file.h"
#include "base/text.h"

namespace bise {
namespace {

constexpr std::size_t kEntriesMax = 2000;
constexpr std::size_t kFileBytesMax = 16 << 20;
// Longer ones (a pasted file) are remembered in this session only.
constexpr std::size_t kEntryBytesMax = 64 << 10;

}  // namespace

History::History(std::string path) : path_(std::move(path)) {
  if (path_.empty()) return;
  const auto text = read_text_file(path_, kFileBytesMax);
  if (!text.ok()) return;
  for (std::size_t at = 0; at < text->size();) {
    const std::size_t end = std::min(text->find('\n', at), text->size());
    const auto entry = read_json(std::string_view(*text).substr(at, end - at));
    if (entry.ok() && entry->is_string()) entries_.push_back(entry->as_string());
    at = end + 1;
  }
  if (entries_.size() > kEntriesMax) {
    entries_.erase(entries_.begin(), entries_.end() - kEntriesMax);
  }
}

Result<void> History::add(const std::string& entry) {
  if (entry.empty() || (!entries_.empty() && entries_.back() == entry)) return {};
  entries_.push_back(entry);
  if (path_.empty() || entry.size() > kEntryBytesMax) return {};
  // One write to a file opened for appending: two chats at once do not mix their lines.
  const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const std::string line = write_json(Json(entry)) + "\n";
  const bool written =
      file >= 0 && ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  const int error = errno;
  if (file >= 0) ::close(file);
  if (!written) return Error{ErrorCode::io, concat(quoted(path_, 400), ": ", std::strerror(error))};
  return {};
}

}  // namespace bise
