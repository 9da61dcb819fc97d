#include "api/model_catalog.h"

#include <algorithm>

#include "base/text.h"

namespace bise::api {
namespace {

constexpr std::size_t kNamesToldMax = 20;

bool is_called(const ServedModel& model, std::string_view name) {
  return model.id == name ||
         std::find(model.aliases.begin(), model.aliases.end(), name) != model.aliases.end();
}

Error taken(std::string_view name) {
  return {ErrorCode::invalid_argument, concat("there is already a model called ", quoted(name))};
}

}  // namespace

void find_abilities(ServedModel& model) {
  const Tokenizer& tokenizer = *model.tokenizer;
  model.end_ids = end_ids(model.layout.get(), tokenizer);
  if (model.layout != nullptr) {
    const AnswerMarks& marks = model.layout->answer_marks();
    model.has_thinking = marks.begin_think.has_value();
    model.has_tools = marks.tool_calls.has_value();
    model.has_reasoning_effort = model.layout->layout() == Layout::v15;
  }
  model.has_fim = tokenizer.control_id("<s>") && tokenizer.control_id("[SUFFIX]") &&
                  tokenizer.control_id("[PREFIX]");
}

Result<void> ModelCatalog::add(ServedModel model) {
  const std::lock_guard lock(mutex_);
  if (find_locked(model.id) != nullptr) return taken(model.id);
  for (const std::string& alias : model.aliases) {
    if (find_locked(alias) != nullptr) return taken(alias);
  }
  models_.push_back(std::make_shared<const ServedModel>(std::move(model)));
  return {};
}

Result<void> ModelCatalog::add_alias(const std::string& alias, std::string_view id) {
  const std::lock_guard lock(mutex_);
  if (find_locked(alias) != nullptr) return taken(alias);
  for (ServedModelPtr& model : models_) {
    if (!is_called(*model, id)) continue;
    auto changed = std::make_shared<ServedModel>(*model);
    changed->aliases.push_back(alias);
    model = std::move(changed);
    return {};
  }
  return Error{ErrorCode::not_found, concat("alias ", quoted(alias), ": no model is called ",
                                            quoted(id), "; there are ", names_locked())};
}

Result<void> ModelCatalog::remove(std::string_view id) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(models_.begin(), models_.end(),
                                  [&](const ServedModelPtr& model) { return model->id == id; });
  if (found == models_.end()) {
    return Error{ErrorCode::not_found, concat("no model is called ", quoted(id))};
  }
  models_.erase(found);
  return {};
}

Result<ServedModelPtr> ModelCatalog::find(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  if (name.empty()) {
    if (models_.size() == 1) return models_.front();
    return Error{ErrorCode::invalid_argument, concat("name a model; there are ", names_locked())};
  }
  ServedModelPtr model = find_locked(name);
  if (model != nullptr) return model;
  return Error{ErrorCode::not_found,
               concat("the model '", quoted(name), "' does not exist; there are ", names_locked())};
}

std::vector<ServedModelPtr> ModelCatalog::list() const {
  const std::lock_guard lock(mutex_);
  return models_;
}

ServedModelPtr ModelCatalog::find_locked(std::string_view name) const {
  for (const ServedModelPtr& model : models_) {
    if (is_called(*model, name)) return model;
  }
  return nullptr;
}

std::string ModelCatalog::names_locked() const {
  if (models_.empty()) return "none";
  std::string names;
  for (std::size_t i = 0; i < models_.size() && i < kNamesToldMax; ++i) {
    names += concat(i == 0 ? "" : ", ", quoted(models_[i]->id));
  }
  if (models_.size() > kNamesToldMax)
    names += concat(" and ", models_.size() - kNamesToldMax, " more");
  return names;
}

}  // namespace bise::api
