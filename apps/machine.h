#pragma once

#include <string>

#include "base/json.h"

namespace bise {

// The processor as the system names it, "unknown processor" where it does not.
std::string processor_name();

// What measurements say about where they were made: processor, cores, threads used, kernels,
// version.
struct MachineUse {
  int threads;
  std::string kernels;
};
Json machine_json(const MachineUse& use);

}  // namespace bise
