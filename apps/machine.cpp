#include "apps/machine.h"

#include <cstdio>
#include <thread>

#include "apps/version.h"

namespace bise {

std::string processor_name() {
  std::FILE* file = std::fopen("/proc/cpuinfo", "re");
  if (file == nullptr) return "unknown processor";
  std::string name = "unknown processor";
  char line[512];
  while (std::fgets(line, sizeof line, file) != nullptr) {
    const std::string_view text = line;
    if (!text.starts_with("model name")) continue;
    const std::size_t colon = text.find(": ");
    if (colon != std::string_view::npos) name = text.substr(colon + 2);
    while (!name.empty() && (name.back() == '\n' || name.back() == ' ')) name.pop_back();
    break;
  }
  std::fclose(file);
  return name;
}

Json machine_json(const MachineUse& use) {
  return Json::object({{"processor", processor_name()},
                       {"cores", static_cast<std::int64_t>(std::thread::hardware_concurrency())},
                       {"threads", use.threads},
                       {"kernels", use.kernels},
                       {"version", kVersion}});
}

}  // namespace bise
