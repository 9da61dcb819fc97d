#pragma once

#include <string>
#include <variant>

#include "apps/bench.h"
#include "apps/doctor.h"
#include "apps/list.h"
#include "apps/run.h"
#include "apps/score.h"
#include "apps/serve/admin_options.h"
#include "apps/serve/serve_options.h"
#include "apps/show.h"
#include "apps/tokenize.h"

namespace bise {

// The command line ended by itself (--help, --version, a mistake in the flags): what it printed is
// printed.
struct ExitCode {
  int code;
};

using Command = std::variant<ExitCode, RunOptions, ShowOptions, BenchOptions, DoctorOptions,
                             ListOptions, ScoreOptions, TokenizeOptions, ServeOptions, KeysOptions,
                             LinkOptions, PsOptions, BackupOptions>;

// The version of the library that reads it.
const char* cli11_version();

Command read_command_line(int argc, const char* const* argv);

}  // namespace bise
