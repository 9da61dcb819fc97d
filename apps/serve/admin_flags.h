#pragma once

#include <CLI/CLI.hpp>

#include "apps/serve/admin_options.h"
#include "apps/serve/serve_options.h"

namespace bise {

void add_serve(CLI::App& app, ServeOptions& serve);
void add_keys(CLI::App& app, KeysOptions& keys);
void add_link(CLI::App& app, LinkOptions& link);
void add_backup(CLI::App& app, BackupOptions& backup);
void add_ps(CLI::App& app, PsOptions& ps);

}  // namespace bise
