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

Result<LoadedTokenizer> load_fitting_tokenizer(const Checkpoint& checkpoint, const ModelSpec& spec,
                                               const std::string& layout) {
  LoadedTokenizer loaded = TRY(load_model_tokenizer(checkpoint, layout));
  if (loaded.tokenizer->vocab_size() <= spec.vocab_size) return loaded;
  return Error{ErrorCode::corrupt_file,
               concat(quoted(checkpoint.path(), 400), ": the tokenizer has ",
                      loaded.tokenizer->vocab_size(), " tokens, the model ", spec.vocab_size,
                      "; they do not belong together, take both from one place")};
}

}  // namespace bise
