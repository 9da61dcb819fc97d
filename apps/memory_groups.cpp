#include "apps/memory_groups.h"

#include <algorithm>

#include "apps/system_files.h"
#include "apps/units.h"
#include "base/text.h"

namespace bise {
namespace {

// Where a version of the interface keeps its numbers.
struct GroupFiles {
  std::string_view controllers;  // its line in /proc/self/cgroup has them
  const char* mount;
  const char* limit;
  const char* used;
  const char* idle_files;  // in memory.stat: pages of files, which can be dropped
  const char* recent_files;
};
constexpr GroupFiles kVersion2 = {
    "", "", "/memory.max", "/memory.current", "inactive_file ", "active_file "};
constexpr GroupFiles kVersion1 = {",memory,",
                                  "/memory",
                                  "/memory.limit_in_bytes",
                                  "/memory.usage_in_bytes",
                                  "total_inactive_file ",
                                  "total_active_file "};
// Version 1 says "none" with the largest number of whole pages.
constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 60;

// Its limit less what it holds and cannot drop.
std::optional<MemoryAvailable> left_in_group(const GroupFiles& files, const std::string& folder) {
  // "max" has no digits.
  const std::optional<std::uint64_t> limit = first_number(read_system_file(folder + files.limit));
  const std::optional<std::uint64_t> used = first_number(read_system_file(folder + files.used));
  if (!limit || !used || *limit >= kNoLimit) return {};
  const std::string stat = read_system_file(folder + "/memory.stat");
  const std::uint64_t droppable = number_after(stat, files.idle_files).value_or(0) +
                                  number_after(stat, files.recent_files).value_or(0);
  const std::uint64_t held = *used > droppable ? *used - droppable : 0;
  return MemoryAvailable{*limit > held ? *limit - held : 0,
                         concat("the control group's limit of ", byte_text(*limit))};
}

// The path of this process's group, from a line "number:controllers:path".
std::optional<std::string> group_path(std::string_view process_groups, const GroupFiles& files) {
  while (!process_groups.empty()) {
    std::string_view line = process_groups.substr(0, process_groups.find('\n'));
    process_groups.remove_prefix(std::min(process_groups.size(), line.size() + 1));
    line.remove_prefix(std::min(line.size(), line.find(':')));
    const std::size_t path = line.find(":/");
    if (path == std::string_view::npos) continue;
    // Commas at both ends, so that no part of a name counts.
    const std::string controllers = path == 0 ? "" : concat(",", line.substr(1, path - 1), ",");
    if (files.controllers.empty() ? controllers.empty() || controllers == ",,"
                                  : controllers.find(files.controllers) != std::string::npos) {
      return std::string(line.substr(path + 1));
    }
  }
  return {};
}

}  // namespace

std::optional<MemoryAvailable> left_in_groups(const std::string& process_groups,
                                              const std::string& root) {
  std::optional<MemoryAvailable> best;
  for (const GroupFiles& files : {kVersion2, kVersion1}) {
    std::optional<std::string> path = group_path(process_groups, files);
    while (path) {
      const auto left = left_in_group(files, root + files.mount + *path);
      if (left && (!best || left->bytes < best->bytes)) best = left;
      if (path->empty() || *path == "/") break;
      path->resize(path->find_last_of('/'));
    }
  }
  return best;
}

}  // namespace bise
