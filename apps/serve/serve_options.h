#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apps/serve/server_log.h"
#include "backends/backend.h"

namespace bise {

// Flags of `bise serve`; in the configuration file the same names, as BISE_NAME in the environment.
struct ServeOptions {
  std::vector<std::string> models;   // names or paths; none: those in the store
  std::vector<std::string> aliases;  // "mistral-small-latest=starter"
  std::string layout;                // of every model, instead of what its file asks for

  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;
  std::vector<std::string> listen;  // "unix:PATH"
  std::string public_url;
  std::vector<std::string> allow_origins;
  std::vector<std::string> trusted_proxies;  // "10.0.0.0/8", "::1", "unix"
  std::string tls_cert, tls_key;

  std::optional<std::int64_t> context_tokens;
  std::optional<std::uint64_t> memory_bytes;  // for weights, keys and values of all models
  std::optional<KvElement> kv;
  int threads = 0;
  int parallel = 64;  // sequences of one model at once
  int queue = 1024;
  std::optional<float> temperature;
  double drain_s = 10;
  double idle_unload_s = 0;
  int keep_requests_days = 90;  // 0: for ever
  LogForm log = LogForm::text;

  std::string config;      // the file these came from
  bool open_page = false;  // `bise` alone: any port will do, and a browser opens the link
  bool metrics_open = false;
  bool strict = false;
};

// Until it is told to end. Returns the exit code.
int run_serve(const ServeOptions& options);

}  // namespace bise
