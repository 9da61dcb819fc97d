#pragma once

// For tests: a server with the page's routes, over the engine of test_service.h whose model takes
// a step only when the test lets it.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "api/access/access_control.h"
#include "api/page/event_hub.h"
#include "api/page/page.h"
#include "api/page/runs.h"
#include "api/test_service.h"
#include "store/open_store.h"

namespace bise::api {

class StepGate {
 public:
  void allow(int steps) {
    change([&] { steps_ += steps; });
  }
  void open() {
    change([&] { is_open_ = true; });
  }
  void pass() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return is_open_ || steps_ > 0; });
    if (steps_ > 0) --steps_;
  }

 private:
  template <class Change>
  void change(Change body) {
    const std::lock_guard lock(mutex_);
    body();
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  int steps_ = 0;
  bool is_open_ = false;
};

class GatedModel final : public Model {
 public:
  GatedModel(std::shared_ptr<Script> script, std::shared_ptr<StepGate> gate, int context_tokens)
      : model_(std::move(script), context_tokens), gate_(std::move(gate)) {}
  const ModelSpec& spec() const override { return model_.spec(); }
  KvShape kv_shape(KvElement element) const override { return model_.kv_shape(element); }
  int step_rows_max() const override { return model_.step_rows_max(); }
  const std::vector<std::string>& unused_tensors() const override {
    return model_.unused_tensors();
  }
  std::size_t private_bytes() const override { return 0; }
  Result<void> step(std::span<SequenceChunk> chunks, KvCache& cache, float* logits) override {
    gate_->pass();
    return model_.step(chunks, cache, logits);
  }

 private:
  ScriptedModel model_;
  const std::shared_ptr<StepGate> gate_;
};

inline Json json_of(const http::Answer& answer) {
  Result<Json> json = read_json(answer.body);
  return json.ok() ? std::move(json).value() : Json();
}

// "chat.id" of {"chat": {"id": …}}, as text; numbers as they are written, "null" if absent.
inline std::string at(const Json& json, std::string_view path) {
  const Json* here = &json;
  while (here != nullptr && !path.empty()) {
    const std::size_t dot = path.find('.');
    const std::string_view part = path.substr(0, dot);
    const bool is_index = part.find_first_not_of("0123456789") == std::string_view::npos;
    if (is_index && here->is_array()) {
      const auto index = static_cast<std::size_t>(std::stoi(std::string(part)));
      here = index < here->items().size() ? &here->items()[index] : nullptr;
    } else {
      here = here->find(part);
    }
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  }
  if (here == nullptr) return "null";
  return here->is_string() ? here->as_string() : write_json(*here);
}

class PageService {
 public:
  static constexpr int kContext = 4096;

  // The store outlives it, as a file does; so does access.
  explicit PageService(std::shared_ptr<store::Store> store,
                       std::chrono::milliseconds unwatched_max = std::chrono::minutes(10),
                       AccessControl* access = nullptr)
      : store_(std::move(store)), engine_(entries(), {.sampling_threads = 1}) {
    ServedModel model;
    model.id = "test";
    model.context_tokens = kContext;
    model.tokenizer = tokenizer_;
    model.layout = make_chat_layout(Layout::v13, *tokenizer_, {}).value();
    find_abilities(model);
    catalog_.add(std::move(model)).value();
    PageContext context;
    context.store = store_.get();
    context.engine = &engine_;
    context.catalog = &catalog_;
    context.version = "9.9";
    context.access = access;
    context.save_every = std::chrono::milliseconds(5);
    context.unwatched_max = unwatched_max;
    page_ = std::make_unique<Page>(std::move(context));
    http::Service service;
    mount_page(service.router, *page_);
    service.describe_failure = describe_failure;
    if (access != nullptr) mount_access(service.router, *access);
    // Who asks stands in the request, unless access finds it out.
    service.gate = [access](http::Request& request,
                            const http::Router::Match& match) -> std::optional<http::Response> {
      if (access != nullptr) return access->gate(request, match);
      Principal principal;
      principal.user_id = request.headers.get("x-user") == "2" ? 2 : 1;
      principal.is_owner = principal.user_id == 1;
      principal.scopes = Scopes::all();
      request.identity = principal;
      return std::nullopt;
    };
    server_ = http::Server::start({}, std::move(service)).value();
  }
  ~PageService() {
    gate_->open();
    server_.reset();
    page_.reset();
  }
  PageService(const PageService&) = delete;
  PageService& operator=(const PageService&) = delete;

  // A store with two users, 1 and 2.
  static std::shared_ptr<store::Store> new_store() {
    std::shared_ptr<store::Store> store = store::memory_store();
    CHECK(store->add_user("Mira").value().id == 1);
    CHECK(store->add_user("Noe").value().id == 2);
    return store;
  }

  void says(std::string_view text) {
    const std::lock_guard lock(script_->mutex);
    script_->ids = tokenizer_->script(text);
  }
  void says_endlessly() {
    const std::lock_guard lock(script_->mutex);
    script_->endless = true;
  }
  StepGate& gate() { return *gate_; }
  Page& page() { return *page_; }
  std::uint16_t port() const { return server_->port(); }

  static std::string text_of(std::string_view method, std::string_view path, std::string_view body,
                             int user = 1) {
    return concat(method, " ", path, " HTTP/1.1\r\nHost: test\r\nX-User: ", user,
                  "\r\nContent-Length: ", body.size(), "\r\n\r\n", body);
  }
  http::Answer ask(std::string_view method, std::string_view path, std::string_view body = "",
                   int user = 1) {
    http::TestClient client(port());
    return client.ask(text_of(method, path, body, user));
  }
  Json get(std::string_view path) { return json_of(ask("GET", path)); }
  Json post(std::string_view path, std::string_view body) {
    return json_of(ask("POST", path, body));
  }

  std::string new_chat() { return at(post("/api/chats", "{}"), "id"); }
  Json send(const std::string& chat, std::string_view content, std::string_view more = "") {
    return post(concat("/api/chats/", chat, "/runs"),
                concat(R"({"kind":"send","content":")", content, "\"", more, "}"));
  }
  // The last message of a chat, once `field` of it has that value.
  Json wait_for(const std::string& chat, std::string_view field, std::string_view value) {
    Json last;
    http::comes_true([&] {
      const Json all = get("/api/chats/" + chat);
      const Json* messages = all.find("messages");
      if (messages == nullptr || messages->items().empty()) return false;
      last = messages->items().back();
      return at(last, field) == value;
    });
    return last;
  }

 private:
  std::vector<ModelEntry> entries() {
    std::vector<ModelEntry> entries;
    entries.push_back(
        {.name = "test",
         .vocab_size = kByteVocab,
         .context_tokens = kContext,
         .bytes = 1,
         .load = [script = script_, gate = gate_, tokenizer = tokenizer_]() -> Result<EngineModel> {
           auto backend = std::make_shared<TestBackend>();
           EngineModel model;
           model.model = std::make_unique<GatedModel>(script, gate, kContext);
           model.cache = TRY(KvCache::create(*backend, model.model->kv_shape(KvElement::f32), 256));
           model.tokenizer = tokenizer;
           model.base = backend;
           return model;
         }});
    return entries;
  }

  const std::shared_ptr<store::Store> store_;
  const std::shared_ptr<ByteTokenizer> tokenizer_ = std::make_shared<ByteTokenizer>();
  const std::shared_ptr<Script> script_ = std::make_shared<Script>();
  const std::shared_ptr<StepGate> gate_ = std::make_shared<StepGate>();
  Engine engine_;
  ModelCatalog catalog_;
  std::unique_ptr<Page> page_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace bise::api
