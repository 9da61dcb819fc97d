#include "apps/run.h"

#include <unistd.h>

#include <cstdio>

#include "apps/chat/chat.h"
#include "apps/loaded_model.h"
#include "apps/model_store.h"
#include "apps/one_shot.h"
#include "apps/units.h"
#include "base/text.h"

namespace bise {
namespace {

constexpr std::size_t kPromptBytesMax = std::size_t{64} << 20;

Result<std::string> read_stdin() {
  std::string text;
  char part[65536];
  for (ssize_t got; (got = ::read(STDIN_FILENO, part, sizeof part)) > 0;) {
    text.append(part, static_cast<std::size_t>(got));
    if (text.size() > kPromptBytesMax) {
      return Error{ErrorCode::invalid_argument,
                   concat("stdin holds more than ", kPromptBytesMax >> 20, " MiB")};
    }
  }
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.empty()) {
    return Error{ErrorCode::invalid_argument,
                 "no prompt: stdin is empty; give one as an argument or on stdin, or start from a "
                 "terminal to chat"};
  }
  return text;
}

// The largest model in the store that fits the memory: without a better measure, the best one.
Result<std::string> best_model(const DataFolder& data) {
  const std::uint64_t available = memory_available(0).bytes;
  const std::vector<StoredModel> models = list_models(data);
  const StoredModel* best = nullptr;
  for (const StoredModel& model : models) {
    const bool fits = model.bytes + model.bytes / 10 <= available;
    if (fits && (best == nullptr || model.bytes > best->bytes)) best = &model;
  }
  if (best != nullptr) return best->path;
  if (!models.empty()) {
    return Error{ErrorCode::out_of_memory,
                 concat("none of the models in ", quoted(data.models(), 400), " fits the ",
                        byte_text(available),
                        " of memory that are available: close other programs "
                        "or bring a smaller one")};
  }
  return resolve_model(kStarterName, data);
}

Result<int> run(const RunOptions& options) {
  const DataFolder data = data_folder();
  std::optional<std::string> prompt = options.prompt;
  if (prompt == "-" || (!prompt && ::isatty(STDIN_FILENO) == 0)) prompt = TRY(read_stdin());
  const std::string path =
      options.model.empty() ? TRY(best_model(data)) : TRY(resolve_model(options.model, data));
  LoadOptions load = {.path = path,
                      .layout = options.layout,
                      .kv = options.kv,
                      .context_tokens = options.context_tokens,
                      .threads = options.threads};
  LoadedModel loaded = TRY(load_model(load));
  if (prompt) return answer_once(loaded, options, *prompt);
  return Chat(loaded, options, data).run();
}

}  // namespace

int run_model(const RunOptions& options) {
  const Result<int> code = run(options);
  if (code.ok()) return *code;
  std::fprintf(stderr, "bise run: %s\n", code.error().message.c_str());
  return 2;
}

}  // namespace bise
