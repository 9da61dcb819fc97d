#include "apps/flags.h"

#include <map>

namespace bise {
namespace {

const std::map<std::string, KvElement> kKvNames = {{"f16", KvElement::f16},
                                                   {"bf16", KvElement::bf16},
                                                   {"q8", KvElement::q8},
                                                   {"f32", KvElement::f32}};

}  // namespace

CLI::Option* add_kv(CLI::App& app, std::optional<KvElement>& target) {
  return app
      .add_option_function<std::string>(
          "--kv", [&target](const std::string& name) { target = kKvNames.at(name); },
          "Element type of keys and values: f16 (default), bf16, q8 (half the memory), f32")
      ->check(CLI::IsMember(std::vector<std::string>{"f16", "bf16", "q8", "f32"}))
      ->type_name("TYPE")
      ->group("Machine");
}

CLI::Option* add_threads(CLI::App& app, int& target) {
  return app
      .add_option("--threads", target,
                  "Threads; all cores unless said. Results do not depend on it")
      ->check(CLI::Range(1, 1024))
      ->type_name("N")
      ->group("Machine");
}

CLI::App* add_verb(CLI::App& app, const std::string& name) {
  return app.add_subcommand(name)->group("Verbs");
}

}  // namespace bise
