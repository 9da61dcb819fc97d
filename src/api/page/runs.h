#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "api/access/principal.h"
#include "api/page/event_hub.h"
#include "api/page/run.h"

namespace bise::api {

// For so long a deleted chat can be had back.
inline constexpr store::TimeMs kUndeleteMs = 10 * 60 * 1000;

// All runs. One thread takes what the engine says and tells the pages, one writes to the store, so
// that a slow disk holds up neither the engine nor the pages.
class Runs {
 public:
  Runs(const PageContext& context, EventHub& events);
  ~Runs();  // stop()

  struct Asked {
    Principal principal;
    store::Store* store;  // where the chat is
    bool temporary;
    std::string chat_id;
    Json body;
  };
  // {"run", "chat", "messages"}
  PageResult<Json> start(const Asked& asked);
  // Also when it has ended already; not_found is only for the log.
  void stop_run(std::int64_t user_id, const std::string& run_id);
  void stop_chat(std::int64_t user_id, const std::string& chat_id);
  void stop_user(std::int64_t user_id);
  // None begins from now on. Does not wait.
  void cancel_all();
  // The same, and waits until the store has everything.
  void stop();

  // "": none.
  std::string run_of_chat(const std::string& chat_id) const;
  // A message as it is now, in JSON.
  Json shown(store::Message message) const;
  // Tokens the store does not have yet are there after this; false: they cannot be written.
  bool save_now(const std::string& message_id);
  std::optional<double> tokens_per_s(const std::string& model) const;

 private:
  struct Reservation;
  struct Unsaved {
    store::Store* store;
    store::MessageChange change;
  };

  PageResult<Json> begin(const Asked& asked, const store::Chat& chat, RunPlan plan);
  PageResult<std::vector<store::Message>> write_messages(const Asked& asked, const RunPlan& plan);
  void launch(RunPlan plan, std::shared_ptr<Run> run);
  std::optional<Json> answered_before(const Asked& asked);

  void tell();  // a thread
  void save();  // a thread
  void tell_news();
  void look_after();  // once a second
  void collect_changes();
  bool write_changes();
  void remove_ended();
  void purge();
  void publish_end(const Run& run);

  const PageContext& context_;
  EventHub& events_;
  const std::shared_ptr<Waker> news_ = std::make_shared<Waker>();
  Waker save_soon_;
  std::atomic<bool> threads_end_{false};

  mutable std::mutex mutex_;
  bool is_stopping_ = false;
  std::map<std::string, std::shared_ptr<Run>> runs_;  // by message
  std::set<std::string> busy_chats_;
  std::map<std::string, double> speeds_;  // by model
  struct Answered {
    store::TimeMs at;
    Json answer;
  };
  std::map<std::pair<std::int64_t, std::string>, Answered> answered_;
  std::string told_models_;

  // Of the writing thread, and of whoever saves now.
  std::mutex saving_mutex_;
  std::map<std::string, Unsaved> unsaved_;  // by message
  std::atomic<bool> has_problem_{false};

  std::thread teller_, saver_;
};

}  // namespace bise::api
