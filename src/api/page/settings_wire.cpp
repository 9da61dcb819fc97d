#include "api/page/settings_wire.h"

#include "api/body.h"
#include "api/page/wire.h"

namespace bise::api {
namespace {

constexpr const char* kName = "page";

}  // namespace

Result<Json> read_settings(store::Store& store, std::int64_t user_id) {
  const std::vector<store::Setting> all = TRY(store.settings(user_id));
  for (const store::Setting& setting : all) {
    if (setting.name == kName) return read_object(setting.value);
  }
  return Json::object();
}

Result<void> write_settings(store::Store& store, std::int64_t user_id, const Json& settings) {
  return store.set_setting(user_id, kName, write_json(settings, {.spaces = false}));
}

Result<std::optional<std::string>> default_system_prompt(store::Store& store,
                                                         std::int64_t user_id) {
  const Json settings = TRY(read_settings(store, user_id));
  const Json* prompt = member(settings, "default_system_prompt");
  if (prompt == nullptr || !prompt->is_string()) return std::optional<std::string>();
  return std::optional(prompt->as_string());
}

}  // namespace bise::api
