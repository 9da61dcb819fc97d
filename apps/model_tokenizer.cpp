#include "apps/model_tokenizer.h"

#include "base/text.h"
#include "models/model_tokenizer.h"

namespace bise {

Result<void> override_layout(PromptSettings& settings, const std::string& layout) {
  if (layout.empty()) return {};
  const std::optional<Layout> found = find_layout(layout);
  if (!found) {
    return Error{ErrorCode::invalid_argument,
                 concat("--layout \"", quoted(layout), "\" is unknown: ", layout_names())};
  }
  settings.layout = *found;
  settings.layout_reason = "--layout";
  return {};
}

Result<LoadedTokenizer> load_model_tokenizer(const Checkpoint& checkpoint,
                                             const std::string& layout) {
  LoadedTokenizer loaded = TRY(load_model_tokenizer(checkpoint));
  TRY_VOID(override_layout(loaded.settings, layout));
  return loaded;
}

}  // namespace bise
