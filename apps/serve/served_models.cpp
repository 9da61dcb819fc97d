#include "apps/serve/served_models.h"

#include <sys/stat.h>

#include <algorithm>
#include <ctime>
#include <future>

#include "apps/memory_need.h"
#include "apps/model_store.h"
#include "apps/model_tokenizer.h"
#include "apps/sampling_defaults.h"
#include "apps/serve/machine_facts.h"
#include "apps/system_prompt.h"
#include "backends/cpu/cpu_backend.h"
#include "base/text.h"

namespace bise {
namespace {

// Many requests share the pages of a model: as many positions as this many full contexts have, if
// a quarter of the free memory holds them.
constexpr std::int64_t kFullContexts = 8;

struct ServedFile {
  std::string name;
  std::string path;
};

// What a model stands on while it is loaded.
struct Base {
  std::shared_ptr<const Checkpoint> checkpoint;
  std::unique_ptr<Backend> backend;
};

struct Loading {
  std::shared_ptr<const Checkpoint> checkpoint;
  std::shared_ptr<const Tokenizer> tokenizer;
  KvElement kv;
  int pages;
  int threads;
};

Result<EngineModel> load(const Loading& loading) {
  auto base = std::make_shared<Base>();
  base->checkpoint = loading.checkpoint;
  base->backend = TRY(make_cpu_backend({.threads = loading.threads, .exact = false, .isa = ""}));
  EngineModel loaded;
  loaded.model = TRY(Model::load(*base->checkpoint, *base->backend));
  loaded.cache =
      TRY(KvCache::create(*base->backend, loaded.model->kv_shape(loading.kv), loading.pages));
  loaded.tokenizer = loading.tokenizer;
  loaded.base = std::move(base);
  return loaded;
}

std::int64_t file_time(const std::string& path) {
  struct stat facts = {};
  return ::stat(path.c_str(), &facts) == 0 ? facts.st_mtime : 0;
}

std::int64_t positions_for(const ModelSpec& spec, KvElement kv, std::int64_t context,
                           std::uint64_t free_bytes) {
  const std::uint64_t one = std::max<std::uint64_t>(1, kv_bytes(spec, kv, kPageSlots));
  const auto affordable = static_cast<std::int64_t>(free_bytes / 4 / one) * kPageSlots;
  return std::clamp(affordable, context, kFullContexts * context);
}

void set_texts(api::ServedModel& served, const Checkpoint& checkpoint, LoadedTokenizer tokenizer,
               const ServeOptions& options) {
  served.tokenizer = std::shared_ptr<const Tokenizer>(std::move(tokenizer.tokenizer));
  auto layout = make_chat_layout(tokenizer.settings.layout, *served.tokenizer, tokenizer.settings);
  // Without the control tokens that a layout needs it is a model that completes texts.
  if (layout.ok()) {
    served.layout = std::shared_ptr<const ChatLayout>(std::move(*layout));
  }
  served.sampling = sampling_defaults(checkpoint, tokenizer.settings.layout).options;
  if (options.temperature) served.sampling.temperature = *options.temperature;
  api::find_abilities(served);
  const auto system = shipped_system_prompt(checkpoint, served.id, std::time(nullptr));
  if (served.has_thinking && system) {
    served.reasoning_system = system_message(*system, tokenizer.settings.layout);
  }
}

Result<PreparedModel> prepare(const ServedFile& file, const ServeOptions& options,
                              std::uint64_t budget_bytes) {
  auto checkpoint = std::make_shared<const Checkpoint>(TRY(Checkpoint::open(file.path)));
  const ModelSpec spec = TRY(read_spec(*checkpoint));
  const KvElement kv = options.kv.value_or(KvElement::f16);
  const MemoryAvailable available = {budget_bytes, "the budget of all models (--memory)"};
  const std::int64_t context =
      TRY(choose_context(*checkpoint, spec, kv, options.context_tokens, available));
  const std::uint64_t weights = weight_bytes(*checkpoint, spec);
  const std::int64_t positions =
      positions_for(spec, kv, context, budget_bytes > weights ? budget_bytes - weights : 0);
  LoadedTokenizer tokenizer = TRY(load_fitting_tokenizer(*checkpoint, spec, options.layout));
  PreparedModel prepared;
  api::ServedModel& served = prepared.served;
  served.id = file.name;
  served.created = file_time(file.path);
  served.context_tokens = context;
  set_texts(served, *checkpoint, std::move(tokenizer), options);
  prepared.details = model_details(*checkpoint, spec, kv, context);
  prepared.entry = {
      .name = file.name,
      .vocab_size = spec.vocab_size,
      .context_tokens = context,
      .bytes = memory_need(*checkpoint, spec, kv, positions, options.threads).total(),
      .load = [loading = Loading{checkpoint, served.tokenizer, kv, page_count_for(positions),
                                 options.threads}] { return load(loading); }};
  return prepared;
}

Result<std::vector<ServedFile>> asked_for(const ServeOptions& options) {
  const DataFolder data = data_folder();
  std::vector<ServedFile> files;
  for (const std::string& model : options.models) {
    const std::string path = TRY(resolve_model(model, data));
    const std::string name = path == model ? model_name_of(path) : model;
    const bool is_twice = std::any_of(files.begin(), files.end(),
                                      [&](const ServedFile& file) { return file.name == name; });
    if (is_twice) {
      return Error{ErrorCode::invalid_argument,
                   concat("two models are called ", quoted(name), "; rename one of the files")};
    }
    files.push_back({name, path});
  }
  if (!options.models.empty()) return files;
  for (const StoredModel& stored : list_models(data)) files.push_back({stored.name, stored.path});
  // Its error says how to get one.
  if (files.empty()) files.push_back({kStarterName, TRY(resolve_model(kStarterName, data))});
  return files;
}

}  // namespace

std::uint64_t memory_budget(const ServeOptions& options) {
  return options.memory_bytes.value_or(memory_available(0).bytes / 10 * 9);
}

Result<std::vector<PreparedModel>> prepare_models(const ServeOptions& options,
                                                  std::vector<std::string>& passed_over) {
  const std::vector<ServedFile> files = TRY(asked_for(options));
  const std::uint64_t budget = memory_budget(options);
  std::vector<std::future<Result<PreparedModel>>> coming;
  coming.reserve(files.size());
  for (const ServedFile& file : files) {
    coming.push_back(std::async(std::launch::async, prepare, file, options, budget));
  }
  std::vector<PreparedModel> models;
  std::optional<Error> failure;
  for (auto& one : coming) {
    Result<PreparedModel> prepared = one.get();
    if (prepared.ok()) {
      models.push_back(std::move(*prepared));
    } else {
      if (!failure) failure = prepared.error();
      passed_over.push_back(prepared.error().message);
    }
  }
  if (failure && (models.empty() || !options.models.empty())) return *failure;
  return models;
}

}  // namespace bise
