#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "backends/backend.h"

namespace bise {

// CLI11 fills plain values; which were given is asked afterwards.
template <class T>
CLI::Option* add_optional(CLI::App& app, const std::string& name, std::optional<T>& target,
                          const std::string& help) {
  return app.add_option_function<T>(
      name, [&target](const T& value) { target = value; }, help);
}

CLI::Option* add_kv(CLI::App& app, std::optional<KvElement>& target);
CLI::Option* add_threads(CLI::App& app, int& target);
CLI::App* add_verb(CLI::App& app, const std::string& name);

}  // namespace bise
