#include "apps/run.h"

#include <unistd.h>

#include <cstdio>

#include "apps/loaded_model.h"
#include "apps/model_store.h"
#include "apps/one_shot.h"
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

Result<int> run(const RunOptions& options) {
  const DataFolder data = data_folder();
  std::optional<std::string> prompt = options.prompt;
  if (prompt == "-" || (!prompt && ::isatty(STDIN_FILENO) == 0)) prompt = TRY(read_stdin());
  LoadOptions load = {.path = TRY(resolve_model(options.model, data)),
                      .layout = options.layout,
                      .kv = options.kv,
                      .context_tokens = options.context_tokens,
                      .threads = options.threads};
  LoadedModel loaded = TRY(load_model(load));
  return answer_once(loaded, options, *prompt);
}

}  // namespace

int run_model(const RunOptions& options) {
  const Result<int> code = run(options);
  if (code.ok()) return *code;
  std::fprintf(stderr, "bise run: %s\n", code.error().message.c_str());
  return 2;
}

}  // namespace bise
