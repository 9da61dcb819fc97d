#include "apps/list.h"

#include <algorithm>
#include <cstdio>

#include "apps/model_store.h"
#include "apps/units.h"
#include "base/json.h"

namespace bise {

int run_list(const ListOptions& options) {
  const DataFolder data = data_folder();
  const std::vector<StoredModel> models = list_models(data);
  if (options.json) {
    Json rows = Json::array();
    for (const StoredModel& model : models) {
      rows.push(Json::object({{"name", model.name}, {"path", model.path}, {"bytes", model.bytes}}));
    }
    const Json out = Json::object({{"folder", data.models()}, {"models", std::move(rows)}});
    std::printf("%s\n", write_json(out).c_str());
    return 0;
  }
  if (models.empty()) {
    std::printf(
        "No models in %s yet. `./run run starter` fetches a small one (93 MB), or put GGUF "
        "files and checkpoint folders there.\n",
        data.models().c_str());
    return 0;
  }
  std::size_t width = 0;
  for (const StoredModel& model : models) width = std::max(width, model.name.size());
  for (const StoredModel& model : models) {
    std::printf("%-*s  %8s  %s\n", static_cast<int>(width), model.name.c_str(),
                byte_text(model.bytes).c_str(), model.path.c_str());
  }
  return 0;
}

}  // namespace bise
