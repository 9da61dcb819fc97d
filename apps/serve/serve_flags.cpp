#include "apps/flags.h"
#include "apps/serve/admin_flags.h"

namespace bise {
namespace {

void add_serve_network(CLI::App& app, ServeOptions& serve) {
  const char* const group = "Network";
  app.add_option("--host", serve.host,
                 "Address to listen on (127.0.0.1: this machine only; 0.0.0.0: every network)")
      ->envname("BISE_HOST")
      ->type_name("ADDRESS")
      ->group(group);
  app.add_option("--port", serve.port, "Port (8080; 0: any free one)")
      ->envname("BISE_PORT")
      ->type_name("N")
      ->group(group);
  app.add_option("--listen", serve.listen, "A Unix socket beside it: unix:PATH")
      ->envname("BISE_LISTEN")
      ->type_name("unix:PATH")
      ->group(group);
  app.add_option("--public-url", serve.public_url,
                 "Where people reach this server, if a proxy stands before it")
      ->envname("BISE_PUBLIC_URL")
      ->type_name("URL")
      ->group(group);
  app.add_option("--trusted-proxy", serve.trusted_proxies,
                 "Believe what this proxy says of who asks (X-Forwarded-For, X-Forwarded-Proto, "
                 "Forwarded): its address, a network (10.0.0.0/8), or unix; may be given several "
                 "times")
      ->envname("BISE_TRUSTED_PROXY")
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("ADDRESS")
      ->group(group);
  app.add_option("--allow-origin", serve.allow_origins,
                 "Pages of this origin may use the API with a key; may be given several times")
      ->envname("BISE_ALLOW_ORIGIN")
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("ORIGIN")
      ->group(group);
  app.add_option("--tls-cert", serve.tls_cert, "Certificate with its chain, PEM")
      ->envname("BISE_TLS_CERT")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--tls-key", serve.tls_key, "Its key, PEM")
      ->envname("BISE_TLS_KEY")
      ->type_name("FILE")
      ->group(group);
  app.add_flag("--metrics-open", serve.metrics_open, "GET /metrics without a key")
      ->envname("BISE_METRICS_OPEN")
      ->group(group);
  app.add_flag("--strict", serve.strict, "Refuse requests with fields that nobody knows")
      ->envname("BISE_STRICT")
      ->group(group);
}

void add_serve_work(CLI::App& app, ServeOptions& serve) {
  const char* const group = "Work";
  add_optional(app, "--context,-c", serve.context_tokens,
               "Tokens one conversation may have; unless said the model's own, up to 32768 and to "
               "what the memory holds")
      ->check(CLI::Range(std::int64_t{16}, std::int64_t{1} << 31))
      ->envname("BISE_CONTEXT")
      ->type_name("N")
      ->group(group);
  app.add_option_function<std::uint64_t>(
         "--memory", [&serve](const std::uint64_t& bytes) { serve.memory_bytes = bytes; },
         "What weights, keys and values of all models may take (8GB, 500MB); unless said nine "
         "tenths of what is free at the start")
      ->transform(CLI::AsSizeValue(true))
      ->envname("BISE_MEMORY")
      ->type_name("SIZE")
      ->group(group);
  add_kv(app, serve.kv)->envname("BISE_KV")->group(group);
  add_threads(app, serve.threads)->envname("BISE_THREADS")->group(group);
  app.add_option("--parallel", serve.parallel, "Sequences of one model at once (64)")
      ->check(CLI::Range(1, 512))
      ->envname("BISE_PARALLEL")
      ->type_name("N")
      ->group(group);
  app.add_option("--queue", serve.queue, "Requests that may wait (1024)")
      ->check(CLI::Range(1, 1'000'000))
      ->envname("BISE_QUEUE")
      ->type_name("N")
      ->group(group);
  add_optional(app, "--temperature,-t", serve.temperature,
               "Where a request says none (unless said the model's own)")
      ->check(CLI::Range(0.0, 100.0))
      ->envname("BISE_TEMPERATURE")
      ->type_name("X")
      ->group(group);
  app.add_option("--drain", serve.drain_s, "Seconds that running answers get at the end (10)")
      ->check(CLI::Range(0.0, 86400.0))
      ->envname("BISE_DRAIN")
      ->type_name("S")
      ->group(group);
  app.add_option("--keep-requests", serve.keep_requests_days,
                 "Days that the records of requests stay (90; 0: for ever)")
      ->check(CLI::Range(0, 36500))
      ->envname("BISE_KEEP_REQUESTS")
      ->type_name("DAYS")
      ->group(group);
  app.add_option("--idle-unload", serve.idle_unload_s,
                 "Unload a model that nobody used for so many seconds (0: never)")
      ->check(CLI::Range(0.0, 1e9))
      ->envname("BISE_IDLE_UNLOAD")
      ->type_name("S")
      ->group(group);
}

}  // namespace

void add_serve(CLI::App& app, ServeOptions& serve) {
  app.description(
      "Serve models: the APIs of OpenAI, Mistral and Anthropic, and the chat page\n"
      "Prints a link that signs a browser in, once. Programs send the key in the data folder's "
      "file \"key\" (or BISE_API_KEY) as Bearer token; the base URL is http://ADDRESS:PORT (with "
      "/v1 for OpenAI clients).");
  app.add_option("MODEL", serve.models,
                 "Models to serve, the first one loaded at once; none: all in the local store")
      ->envname("BISE_MODELS");
  app.add_option("--alias", serve.aliases,
                 "Another name for a model, as clients may have it: mistral-small-latest=starter")
      ->envname("BISE_ALIAS")
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("NAME=MODEL");
  app.add_option("--layout", serve.layout,
                 "Chat layout instead of the one the files ask for: v3 v7 v11 v13 v15 chatml")
      ->envname("BISE_LAYOUT")
      ->type_name("V");
  app.add_option_function<std::string>(
         "--log",
         [&serve](const std::string& form) {
           serve.log = form == "json"   ? LogForm::json
                       : form == "none" ? LogForm::none
                                        : LogForm::text;
         },
         "A line on stderr for each request: text (unless said), json, none")
      ->check(CLI::IsMember(std::vector<std::string>{"text", "json", "none"}))
      ->envname("BISE_LOG")
      ->type_name("FORM");
  app.add_option("--config", serve.config,
                 "The same names in a TOML file; command line and environment go before it")
      ->type_name("FILE");
  add_serve_network(app, serve);
  add_serve_work(app, serve);
  app.footer(
      "Every flag is also read from the environment: BISE_PORT, BISE_PUBLIC_URL, ...\n"
      "SIGTERM ends it when running answers are done, a second one at once. SIGHUP reads "
      "certificates again.\n"
      "Examples:\n"
      "  bise serve\n"
      "  bise serve starter --port 8000 --alias mistral-small-latest=starter\n"
      "  bise serve model.gguf --host 0.0.0.0 --tls-cert chain.pem --tls-key key.pem");
}

}  // namespace bise
