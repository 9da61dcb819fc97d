#pragma once

#include <string>

#include "apps/memory_need.h"

namespace bise {

// The lowest of what the control groups of this process leave, the process's own and those around
// it; nothing where none has a limit. `process_groups` is the text of /proc/self/cgroup, `root`
// where the groups are mounted (/sys/fs/cgroup). Versions 1 and 2 of the interface:
// https://docs.kernel.org/admin-guide/cgroup-v2.html and cgroup-v1/memory.html.
std::optional<MemoryAvailable> left_in_groups(const std::string& process_groups,
                                              const std::string& root);

}  // namespace bise
