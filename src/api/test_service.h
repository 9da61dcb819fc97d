#pragma once

// For tests: a server with the routes of this folder over an engine whose model says what a script
// says, byte for byte, in a vocabulary of 256 bytes and the family's control tokens.

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/access/principal.h"
#include "api/errors.h"
#include "api/routes.h"
#include "base/text.h"
#include "engine/test_engine.h"
#include "http/test_client.h"

namespace bise::api {

inline constexpr std::array<std::string_view, 24> kTestControls = {"<unk>",
                                                                   "<s>",
                                                                   "</s>",
                                                                   "[INST]",
                                                                   "[/INST]",
                                                                   "[AVAILABLE_TOOLS]",
                                                                   "[/AVAILABLE_TOOLS]",
                                                                   "[TOOL_RESULTS]",
                                                                   "[/TOOL_RESULTS]",
                                                                   "[TOOL_CALLS]",
                                                                   "[SYSTEM_PROMPT]",
                                                                   "[/SYSTEM_PROMPT]",
                                                                   "[TOOL_CONTENT]",
                                                                   "[ARGS]",
                                                                   "[CALL_ID]",
                                                                   "[THINK]",
                                                                   "[/THINK]",
                                                                   "[MODEL_SETTINGS]",
                                                                   "[/MODEL_SETTINGS]",
                                                                   "[PREFIX]",
                                                                   "[MIDDLE]",
                                                                   "[SUFFIX]",
                                                                   "[IMG]",
                                                                   "[IMG_END]"};
inline constexpr int kByteVocab = 256 + static_cast<int>(kTestControls.size());

class ByteTokenizer final : public Tokenizer {
 public:
  void encode(std::string_view text, std::vector<TokenId>& ids) const override {
    for (const char c : text) ids.push_back(static_cast<unsigned char>(c));
  }
  int vocab_size() const override { return kByteVocab; }
  std::optional<TokenId> control_id(std::string_view name) const override {
    const auto* found = std::find(kTestControls.begin(), kTestControls.end(), name);
    if (found == kTestControls.end()) return std::nullopt;
    return 256 + static_cast<TokenId>(found - kTestControls.begin());
  }
  bool is_control(TokenId id) const override { return id >= 256; }
  std::string_view bytes(TokenId id) const override {
    static const std::string all = [] {
      std::string bytes(256, ' ');
      for (int i = 0; i < 256; ++i) bytes[static_cast<std::size_t>(i)] = static_cast<char>(i);
      return bytes;
    }();
    if (id < 0 || id >= kByteVocab) return {};
    if (id >= 256) return kTestControls[static_cast<std::size_t>(id - 256)];
    return std::string_view(all).substr(static_cast<std::size_t>(id), 1);
  }
  std::optional<TokenId> bos_id() const override { return control_id("<s>"); }
  std::optional<TokenId> eos_id() const override { return control_id("</s>"); }

  // "[THINK]hm[/THINK]Hi": names of control tokens are those, all else is text.
  std::vector<TokenId> script(std::string_view text) const {
    std::vector<TokenId> ids;
    while (!text.empty()) {
      const auto* named =
          std::find_if(kTestControls.begin(), kTestControls.end(),
                       [&](std::string_view name) { return text.starts_with(name); });
      if (named != kTestControls.end()) {
        ids.push_back(*control_id(*named));
        text.remove_prefix(named->size());
      } else {
        ids.push_back(static_cast<unsigned char>(text.front()));
        text.remove_prefix(1);
      }
    }
    return ids;
  }
};

// What the model says next; shared with the test.
struct Script {
  std::mutex mutex;
  std::vector<TokenId> ids;
  std::atomic<bool> endless = false;  // says "a" for ever

  // What follows the longest beginning of the script that the sequence ends with.
  TokenId next(const std::vector<TokenId>& tokens) {
    if (endless) return 'a';
    const std::lock_guard lock(mutex);
    for (std::size_t count = std::min(ids.size(), tokens.size()); count > 0; --count) {
      const auto tail = tokens.end() - static_cast<std::ptrdiff_t>(count);
      if (!std::equal(tail, tokens.end(), ids.begin())) continue;
      return count == ids.size() ? 256 + 2 : ids[count];
    }
    return ids.empty() ? 256 + 2 : ids.front();
  }
};

class ScriptedModel final : public Model {
 public:
  ScriptedModel(std::shared_ptr<Script> script, int context_tokens) : script_(std::move(script)) {
    spec_.vocab_size = kByteVocab;
    spec_.context_tokens = context_tokens;
    spec_.hidden_dim = 32;
    spec_.layers = {{1, 1, 32, 1 << 20, 0}};
  }
  const ModelSpec& spec() const override { return spec_; }
  KvShape kv_shape(KvElement element) const override { return {1, 1, 32, element}; }
  int step_rows_max() const override { return 512; }
  const std::vector<std::string>& unused_tensors() const override { return none_; }
  std::size_t private_bytes() const override { return 0; }

  Result<void> step(std::span<SequenceChunk> chunks, KvCache& cache, float* logits) override {
    auto& storage = static_cast<TestKvStorage&>(cache.storage());
    for (const SequenceChunk& chunk : chunks) {
      TRY_VOID(chunk.table->reserve(static_cast<int>(chunk.tokens.size())));
      const int length = chunk.table->length();
      const int before = length - static_cast<int>(chunk.tokens.size());
      for (int i = before; i < length; ++i) {
        slot(storage, *chunk.table, i) = chunk.tokens[static_cast<std::size_t>(i - before)];
      }
    }
    for (const SequenceChunk& chunk : chunks) {
      if (chunk.logits == LogitRows::none) continue;
      std::vector<TokenId> tokens;
      for (int i = 0; i < chunk.table->length() && !script_->endless; ++i) {
        tokens.push_back(slot(storage, *chunk.table, i));
      }
      std::fill(logits, logits + kByteVocab, 0.0F);
      logits[script_->next(tokens)] = 50.0F;
      logits += kByteVocab;
    }
    return {};
  }

 private:
  static TokenId& slot(TestKvStorage& storage, const PageTable& table, int position) {
    const PageId page = table.pages()[static_cast<std::size_t>(position / kPageSlots)];
    return storage.page(page)[static_cast<std::size_t>(position % kPageSlots)];
  }

  const std::shared_ptr<Script> script_;
  ModelSpec spec_;
  std::vector<std::string> none_;
};

class TestService {
 public:
  explicit TestService(Layout layout = Layout::v13, int context_tokens = 1024)
      : engine_(entries(script_, context_tokens), {.sampling_threads = 1}) {
    ServedModel model;
    model.id = "test";
    model.aliases = {"test-latest"};
    model.created = 1'700'000'000;
    model.context_tokens = context_tokens;
    model.tokenizer = tokenizer_;
    model.layout = make_chat_layout(layout, *tokenizer_, {}).value();
    find_abilities(model);
    catalog_.add(std::move(model)).value();

    ApiContext context;
    context.engine = &engine_;
    context.catalog = &catalog_;
    context.version = "9.9";
    context.on_request = [this](const RequestRecord& record) {
      const std::lock_guard lock(mutex_);
      records_.push_back(record);
    };
    http::Service service;
    mount_api(service.router, context);
    service.describe_failure = describe_failure;
    service.gate = [](http::Request& request,
                      const http::Router::Match&) -> std::optional<http::Response> {
      Principal principal;
      principal.user_id = 1;
      principal.scopes = Scopes::all();
      request.identity = principal;
      return std::nullopt;
    };
    http::ServerOptions options;
    options.id_headers = id_headers();
    server_ = http::Server::start(std::move(options), std::move(service)).value();
  }

  void says(std::string_view text) {
    const std::lock_guard lock(script_->mutex);
    script_->ids = tokenizer_->script(text);
  }
  void says_endlessly() { script_->endless = true; }

  static std::string request(std::string_view path, std::string_view body,
                             std::string_view header = {}) {
    return concat("POST ", path, " HTTP/1.1\r\nHost: test\r\nContent-Length: ", body.size(), "\r\n",
                  header, header.empty() ? "" : "\r\n", "\r\n", body);
  }
  http::Answer post(std::string_view path, std::string_view body, std::string_view header = {}) {
    http::TestClient client(server_->port());
    return client.ask(request(path, body, header));
  }
  http::Answer get(std::string_view path, std::string_view header = {}) {
    http::TestClient client(server_->port());
    return client.ask(concat("GET ", path, " HTTP/1.1\r\nHost: test\r\n", header,
                             header.empty() ? "" : "\r\n", "\r\n"));
  }

  std::uint16_t port() const { return server_->port(); }
  http::Server& server() { return *server_; }
  Engine& engine() { return engine_; }
  std::vector<RequestRecord> records() {
    const std::lock_guard lock(mutex_);
    return records_;
  }
  // The record comes a moment after the answer.
  RequestRecord record(std::size_t index) {
    CHECK(http::comes_true([&] { return records().size() > index; }));
    return records()[index];
  }
  std::uint64_t finished(FinishReason reason) const {
    return engine_.stats().models.front().finished[static_cast<std::size_t>(reason)];
  }

 private:
  std::vector<ModelEntry> entries(const std::shared_ptr<Script>& script, int context_tokens) {
    const int pages = 3 * (context_tokens / kPageSlots + 1) + 64;
    std::vector<ModelEntry> entries;
    entries.push_back({.name = "test",
                       .vocab_size = kByteVocab,
                       .context_tokens = context_tokens,
                       .bytes = 1,
                       .load = [=, tokenizer = tokenizer_]() -> Result<EngineModel> {
                         auto backend = std::make_shared<TestBackend>();
                         EngineModel model;
                         model.model = std::make_unique<ScriptedModel>(script, context_tokens);
                         model.cache = TRY(KvCache::create(
                             *backend, model.model->kv_shape(KvElement::f32), pages));
                         model.tokenizer = tokenizer;
                         model.base = backend;
                         return model;
                       }});
    return entries;
  }

  const std::shared_ptr<ByteTokenizer> tokenizer_ = std::make_shared<ByteTokenizer>();
  const std::shared_ptr<Script> script_ = std::make_shared<Script>();
  std::mutex mutex_;
  std::vector<RequestRecord> records_;
  Engine engine_;
  ModelCatalog catalog_;
  std::unique_ptr<http::Server> server_;
};

// What differs from one run to the next, made the same: ids, times, seeds.
inline std::string settled(std::string text) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  constexpr std::string_view kDigits = "0123456789";
  for (const std::string_view mark : {"\"chatcmpl-", "\"cmpl-", "\"msg_", "\"call_", "\"toolu_",
                                      "\"id\":\"", "\"created\":", "\"seed\":"}) {
    const std::string_view alphabet = mark.ends_with(':') ? kDigits : kLetters;
    for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += mark.size()) {
      const std::size_t begin = at + mark.size();
      const std::size_t end = text.find_first_not_of(alphabet, begin);
      // Mistral's ids have no prefix; those of others have been settled.
      if (end > begin && (alphabet == kDigits || text[end] == '"')) {
        text.replace(begin, end - begin, "*");
      }
    }
  }
  return text;
}

}  // namespace bise::api
