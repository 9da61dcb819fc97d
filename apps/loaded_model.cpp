#include "apps/loaded_model.h"

#include <algorithm>
#include <future>

#include "apps/model_store.h"
#include "apps/model_tokenizer.h"
#include "backends/cpu/cpu_backend.h"
#include "base/text.h"

namespace bise {

Result<LoadedModel> load_model(const LoadOptions& options) {
  Checkpoint checkpoint = TRY(Checkpoint::open(options.path));
  const ModelSpec spec = TRY(read_spec(checkpoint));
  const KvElement kv = options.kv.value_or(KvElement::f16);
  const std::int64_t context = TRY(choose_context(checkpoint, spec, kv, options.context_tokens,
                                                  memory_available(checkpoint.file_bytes())));

  // A vocabulary takes as long as everything else together; so they go side by side.
  auto tokenizer_to_come = std::async(
      std::launch::async, [&] { return load_fitting_tokenizer(checkpoint, spec, options.layout); });
  auto backend = TRY(make_cpu_backend({.threads = options.threads, .exact = false, .isa = ""}));
  auto model = TRY(Model::load(checkpoint, *backend));
  auto cache = TRY(KvCache::create(*backend, model->kv_shape(kv), page_count_for(context)));
  LoadedTokenizer tokenizer = TRY(tokenizer_to_come.get());
  auto layout =
      TRY(make_chat_layout(tokenizer.settings.layout, *tokenizer.tokenizer, tokenizer.settings));
  const MemoryNeed need = memory_need(checkpoint, spec, kv, context, options.threads);
  return LoadedModel{.name = model_name_of(options.path),
                     .checkpoint = std::move(checkpoint),
                     .tokenizer = std::move(tokenizer),
                     .layout = std::move(layout),
                     .backend = std::move(backend),
                     .model = std::move(model),
                     .cache = std::move(cache),
                     .kv = kv,
                     .context_tokens = context,
                     .need = need};
}

}  // namespace bise
