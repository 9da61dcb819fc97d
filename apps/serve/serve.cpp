#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>

#include "api/access/access_control.h"
#include "api/page/page.h"
#include "api/routes.h"
#include "apps/model_store.h"
#include "apps/serve/admin_options.h"
#include "apps/serve/first_start.h"
#include "apps/serve/machine_facts.h"
#include "apps/serve/open_page.h"
#include "apps/serve/page_files.h"
#include "apps/serve/request_log.h"
#include "apps/serve/serve_options.h"
#include "apps/serve/served_models.h"
#include "apps/serve/server_log.h"
#include "apps/serve/server_note.h"
#include "apps/units.h"
#include "apps/version.h"
#include "base/text.h"
#include "engine/engine.h"
#include "http/server.h"
#include "store/open_store.h"

namespace bise {
namespace {

// All threads begin with these blocked; the main thread waits for them.
sigset_t signals_waited_for() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) ::sigaddset(&set, signal);
  return set;
}

void raise_file_limit() {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Whether stdout goes to systemd's journal, which keeps what it gets: no place for a secret.
bool is_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat out = {};
  return stream != nullptr && ::fstat(STDOUT_FILENO, &out) == 0 &&
         std::string(stream) == concat(out.st_dev, ":", out.st_ino);
}

class Serving {
 public:
  explicit Serving(const ServeOptions& options)
      : options_(options), log_(options.log), data_(data_folder()) {}

  Result<int> run();

 private:
  Result<void> open();
  Result<void> add_models();
  Result<void> listen();
  Result<void> load_first();
  Result<void> print_link();
  std::unique_ptr<api::Page> make_page();
  http::Service service();
  int wait_for_end();
  std::string_view not_ready() const;
  std::string reachable_host() const;
  std::string address() const;

  const ServeOptions& options_;
  ServerLog log_;
  DataFolder data_;
  store::User owner_;
  std::optional<api::PublicUrl> public_url_;
  api::ModelCatalog catalog_;
  std::map<std::string, api::ModelDetails> details_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<RequestLog> requests_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<api::AccessControl> access_;
  std::unique_ptr<api::Page> page_;
  std::unique_ptr<http::Server> server_;
  std::atomic<const http::Server*> listening_{nullptr};
  std::atomic<bool> ready_{false}, draining_{false};
  std::atomic<double> bandwidth_{0};
};

Result<void> Serving::open() {
  if (!options_.public_url.empty()) {
    public_url_ = api::parse_public_url(options_.public_url);
    if (!public_url_) {
      return Error{ErrorCode::invalid_argument,
                   concat("--public-url ", quoted(options_.public_url),
                          ": give the whole address, as https://ai.example.org")};
    }
  }
  std::vector<api::ProxyNetwork> proxies;
  for (const std::string& text : options_.trusted_proxies) {
    const auto network = api::parse_proxy_network(text);
    if (!network) {
      return Error{ErrorCode::invalid_argument,
                   concat("--trusted-proxy ", quoted(text),
                          ": give an address, a network as 10.0.0.0/8, or unix")};
    }
    proxies.push_back(*network);
  }
  store_ = TRY(store::open_store(data_.path, store::Opening::server));
  owner_ = TRY(make_owner(*store_, data_.path));
  requests_ = std::make_unique<RequestLog>(*store_, options_.keep_requests_days,
                                           [this](const std::string& s) { log_.say(s); });
  const char* key = std::getenv("BISE_API_KEY");
  access_ = std::make_unique<api::AccessControl>(
      *store_, api::AccessOptions{.public_url = public_url_,
                                  .allowed_origins = options_.allow_origins,
                                  .environment_key = key == nullptr ? "" : key,
                                  .owner_id = owner_.id,
                                  .metrics_open = options_.metrics_open,
                                  .trusted_proxies = api::TrustedProxies(std::move(proxies)),
                                  .sign_in_page = sign_in_page()});
  return {};
}

Result<void> Serving::add_models() {
  std::vector<std::string> passed_over;
  std::vector<PreparedModel> models = TRY(prepare_models(options_, passed_over));
  for (const std::string& reason : passed_over) log_.say("passed over: " + reason);
  std::vector<ModelEntry> entries;
  for (PreparedModel& model : models) {
    details_[model.served.id] = std::move(model.details);
    TRY(catalog_.add(std::move(model.served)));
    entries.push_back(std::move(model.entry));
  }
  for (const std::string& alias : options_.aliases) {
    const std::size_t equals = alias.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Error{ErrorCode::invalid_argument,
                   concat("--alias ", quoted(alias), ": write NAME=MODEL")};
    }
    TRY(catalog_.add_alias(alias.substr(0, equals), alias.substr(equals + 1)));
  }
  engine_ = std::make_unique<Engine>(std::move(entries),
                                     EngineOptions{.budget_bytes = memory_budget(options_),
                                                   .queue_max = options_.queue,
                                                   .sequences_max = options_.parallel,
                                                   .sampling_threads = options_.threads,
                                                   .idle_unload_s = options_.idle_unload_s});
  return {};
}

std::unique_ptr<api::Page> Serving::make_page() {
  api::PageContext context;
  context.store = store_.get();
  context.engine = engine_.get();
  context.catalog = &catalog_;
  context.access = access_.get();
  context.version = kVersion;
  context.machine = [this] {
    api::MachineFacts facts = machine_facts(data_.path, address() + access_->base_path());
    const double bandwidth = bandwidth_;
    if (bandwidth > 0) facts.bandwidth = bandwidth;
    return facts;
  };
  context.model_details = [this](const std::string& id) -> std::optional<api::ModelDetails> {
    const auto found = details_.find(id);
    if (found == details_.end()) return std::nullopt;
    return found->second;
  };
  context.on_request = [this](const api::RequestRecord& record) { requests_->add(record); };
  context.on_problem = [this](std::string_view sentence) { log_.say(sentence); };
  return std::make_unique<api::Page>(std::move(context));
}

http::Service Serving::service() {
  http::Service service;
  api::mount_access(service.router, *access_);
  api::mount_api(service.router,
                 {.engine = engine_.get(),
                  .catalog = &catalog_,
                  .version = kVersion,
                  .strict = options_.strict,
                  .metrics_open = options_.metrics_open,
                  .on_request = [this](const api::RequestRecord& r) { requests_->add(r); },
                  .not_ready = [this] { return not_ready(); },
                  .server_statistics =
                      [this] {
                        const http::Server* server = listening_;
                        return server == nullptr ? http::ServerStatistics{} : server->statistics();
                      }});
  api::mount_page(service.router, *page_);
  mount_page_files(service.router, [this](std::int64_t user_id) { return page_->boot(user_id); });
  service.gate = [this](http::Request& request, const http::Router::Match& match) {
    // The first request may come before the port is known, by which cookies are named.
    while (listening_ == nullptr) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return access_->gate(request, match);
  };
  service.describe_failure = api::describe_failure;
  service.on_finished = [this](const http::AccessRecord& record) { log_.request(record); };
  service.on_problem = [this](std::string_view sentence) { log_.say(sentence); };
  return service;
}

Result<void> Serving::listen() {
  http::ServerOptions options;
  options.host = options_.host;
  options.port = options_.port;
  options.id_headers = api::id_headers();
  for (const std::string& where : options_.listen) {
    if (!where.starts_with("unix:") || !options.unix_path.empty()) {
      return Error{ErrorCode::invalid_argument,
                   concat("--listen ", quoted(where), ": one unix:PATH")};
    }
    options.unix_path = where.substr(5);
  }
  if (options_.tls_cert.empty() != options_.tls_key.empty()) {
    return Error{ErrorCode::invalid_argument, "--tls-cert and --tls-key go together"};
  }
  if (!options_.tls_cert.empty()) {
    options.tls = http::TlsFiles{options_.tls_cert, options_.tls_key};
  }
  page_ = make_page();
  Result<std::unique_ptr<http::Server>> server = http::Server::start(options, service());
  if (!server.ok() && options_.open_page) {
    options.port = 0;
    server = http::Server::start(options, service());
  }
  server_ = TRY(std::move(server));
  access_->set_port(server_->port());
  listening_ = server_.get();
  return {};
}

// Not before the first model can answer is the server ready; the others come when they are asked
// for.
Result<void> Serving::load_first() {
  const std::string name = catalog_.list().front()->id;
  TRY(engine_->load(name));
  while (true) {
    for (const Engine::ModelFacts& facts : engine_->models()) {
      if (facts.name != name) continue;
      if (facts.state == ModelState::ready) return {};
      if (!facts.last_error.empty()) return Error{ErrorCode::invalid_argument, facts.last_error};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

// Where this machine reaches it.
std::string Serving::reachable_host() const {
  const bool is_any = options_.host == "0.0.0.0" || options_.host == "::";
  return is_any ? "127.0.0.1" : options_.host;
}

std::string Serving::address() const {
  if (public_url_) return public_url_->origin;
  std::string host = reachable_host();
  if (host.find(':') != std::string::npos) host = concat("[", host, "]");
  return concat(options_.tls_cert.empty() ? "http://" : "https://", host, ":", server_->port());
}

Result<void> Serving::print_link() {
  if (is_journal()) return {};
  const std::string link = address() + access_->link_path(TRY(access_->make_link(owner_.id)));
  std::printf("%s\n", link.c_str());
  std::fflush(stdout);
  if (options_.open_page) open_page(link);
  return {};
}

std::string_view Serving::not_ready() const {
  if (draining_) return "draining";
  return ready_ ? "" : "loading";
}

// SIGTERM or SIGINT: drain; once more: at once. SIGHUP: certificates anew (keys and users are read
// from the store for each request).
int Serving::wait_for_end() {
  const sigset_t signals = signals_waited_for();
  const pthread_t here = ::pthread_self();
  std::thread waiting;
  std::atomic<bool> drained = false;
  while (!drained) {
    int signal = 0;
    if (::sigwait(&signals, &signal) != 0) continue;
    if (signal == SIGHUP) {
      const Result<void> reloaded = server_->reload_tls();
      log_.say(reloaded.ok() ? "read again" : reloaded.error().message);
    } else if (signal != SIGUSR1 && draining_) {
      break;
    } else if (signal != SIGUSR1) {
      draining_ = true;
      engine_->drain();
      page_->drain();
      server_->drain(std::chrono::milliseconds(static_cast<std::int64_t>(options_.drain_s * 1000)));
      waiting = std::thread([this, here, &drained] {
        server_->wait();
        drained = true;
        ::pthread_kill(here, SIGUSR1);
      });
    }
  }
  server_->stop();
  if (waiting.joinable()) waiting.join();
  return 0;
}

Result<int> Serving::run() {
  TRY(open());
  TRY(add_models());
  TRY(listen());
  TRY(load_first());
  TRY(write_server_note(data_.path, {.pid = ::getpid(),
                                     .address = address() + access_->base_path(),
                                     .host = reachable_host(),
                                     .bound = options_.host,
                                     .port = server_->port(),
                                     .tls = !options_.tls_cert.empty()}));
  TRY(print_link());
  ready_ = true;
  log_.say(concat("serving ", catalog_.list().size(), " model(s) at ", address(),
                  "; the key for programs: ", data_.path, "/key"));
  std::thread measuring([this] { bandwidth_ = measured_bandwidth(); });
  const int code = wait_for_end();
  measuring.join();
  remove_server_note(data_.path);
  // In this order: nobody asks the engine any more, then it tells its last, then that is written.
  server_.reset();
  page_.reset();
  engine_.reset();
  requests_.reset();
  return code;
}

}  // namespace

int run_serve(const ServeOptions& options) {
  const sigset_t signals = signals_waited_for();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  raise_file_limit();
  Result<int> code = Error{ErrorCode::internal, ""};
  {
    Serving serving(options);
    code = serving.run();
  }
  if (code.ok()) return *code;
  // A second `bise`: the page of the first.
  if (options.open_page && read_server_note(data_folder().path)) return run_link({});
  std::fprintf(stderr, "bise serve: %s\n", code.error().message.c_str());
  return 2;
}

}  // namespace bise
