#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/model_catalog.h"
#include "api/request_record.h"
#include "engine/engine.h"
#include "http/router.h"
#include "store/store.h"

namespace bise::api {

class AccessControl;
class EventHub;
class Runs;

// Of the machine; what is not known is left as it is.
struct MachineFacts {
  std::string cpu = {};
  std::string isa = {};
  int cores = 0;
  std::uint64_t memory_bytes = 0;
  std::optional<double> bandwidth = {};  // bytes a second, measured
  std::string data_folder = {};
  std::string address = {};  // "http://127.0.0.1:8080", with the base path
};

// Of a model beyond what the catalog and the engine know.
struct ModelDetails {
  std::string architecture = {};
  std::string quantization = {};
  std::uint64_t parameters = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t weight_bytes = 0;
  std::uint64_t context_bytes = 0;
  std::uint64_t working_bytes = 0;
  std::uint64_t bytes_per_token = 0;  // read for each token; 0: not known
};

// What the page's routes stand on. All of it outlives the Page, and the Page the server.
struct PageContext {
  store::Store* store = nullptr;
  Engine* engine = nullptr;
  const ModelCatalog* catalog = nullptr;
  AccessControl* access = nullptr;  // null: no invitations (tests)
  std::string version = {};
  std::function<MachineFacts()> machine = [] { return MachineFacts(); };
  std::function<std::optional<ModelDetails>(const std::string& id)> model_details =
      [](const std::string&) { return std::nullopt; };
  // Once for each run; from any thread, must not block.
  std::function<void(const RequestRecord&)> on_request = [](const RequestRecord&) {};
  // What an operator should know, in a sentence.
  std::function<void(std::string_view)> on_problem = [](std::string_view) {};
  store::Clock now = store::system_time_ms;
  std::chrono::milliseconds save_every{500};                // what runs have written by then
  std::chrono::milliseconds unwatched_max{10 * 60 * 1000};  // then a run stops
};

// The state behind docs/page-api.md: runs and who listens to them. Has threads of its own.
class Page {
 public:
  explicit Page(PageContext context);
  ~Page();  // stop()
  Page(const Page&) = delete;
  Page& operator=(const Page&) = delete;

  // The server is about to end: runs stop (they can go on with the next one) and listeners are let
  // go, so that nothing is waited for. Does not block.
  void drain();
  // Stops runs, and waits until all they wrote is in the store. No run begins afterwards.
  void stop();

  const PageContext& context() const { return context_; }
  EventHub& events() { return *events_; }
  Runs& runs() { return *runs_; }
  // Where chats are that are never stored.
  store::Store& temporary() { return *temporary_; }
  // Where that chat (that message) is; the store proper if it is nowhere.
  store::Store& store_of_chat(std::int64_t user_id, const std::string& chat_id);
  store::Store& store_of_message(std::int64_t user_id, const std::string& message_id);

  // The answer of GET /api/boot, for whoever puts it into the page.
  Result<std::string> boot(std::int64_t user_id);

 private:
  const PageContext context_;
  const std::unique_ptr<store::Store> temporary_;
  const std::unique_ptr<EventHub> events_;
  const std::unique_ptr<Runs> runs_;
};

void mount_page(http::Router& router, Page& page);

}  // namespace bise::api
