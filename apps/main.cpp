#include <cstdio>
#include <exception>
#include <new>
#include <variant>

#include "apps/command_line.h"
#include "apps/model_store.h"

namespace {

using namespace bise;

int run(const ExitCode& exit) {
  return exit.code;
}
int run(const RunOptions& options) {
  return run_model(options);
}
int run(const ShowOptions& options) {
  return run_show(options);
}
int run(const BenchOptions& options) {
  return run_bench(options);
}
int run(const DoctorOptions& options) {
  return run_doctor(options);
}
int run(const ListOptions& options) {
  return run_list(options);
}
int run(const ScoreOptions& options) {
  const Result<std::string> path = resolve_model(options.model, data_folder());
  if (!path.ok()) {
    std::fprintf(stderr, "bise score: %s\n", path.error().message.c_str());
    return 2;
  }
  ScoreOptions resolved = options;
  resolved.model = *path;
  return run_score(resolved);
}
int run(const ServeOptions& options) {
  return run_serve(options);
}
int run(const KeysOptions& options) {
  return run_keys(options);
}
int run(const LinkOptions& options) {
  return run_link(options);
}
int run(const PsOptions& options) {
  return run_ps(options);
}
int run(const BackupOptions& options) {
  return run_backup(options);
}
int run(const TokenizeOptions& options) {
  return run_tokenize(options);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const int code = std::visit([](const auto& options) { return run(options); },
                                bise::read_command_line(argc, argv));
    const bool is_written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
    if (code != 0 || is_written) return code;
    std::fputs("bise: stdout does not take what there is to say (is the disk full?)\n", stderr);
    return 2;
  } catch (const std::bad_alloc&) {
    std::fputs("bise: out of memory: take a smaller --context or a smaller model\n", stderr);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bise: %s\n", error.what());
  }
  return 2;
}
