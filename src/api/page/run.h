#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "api/page/live_answer.h"
#include "api/page/page.h"
#include "api/page/run_plan.h"
#include "api/page/run_sink.h"
#include "api/page/wire.h"

namespace bise::api {

// One answer being written. Made from a plan, fed with what the engine says; tells what the pages
// and the store are to know. One thread at a time.
class Run {
 public:
  struct Place {
    std::int64_t user_id = 0;
    std::int64_t key_id = 0;
    std::string chat_id = {};
    std::string message_id = {};
    store::Store* store = nullptr;
  };
  Run(const RunPlan& plan, Place place, std::shared_ptr<RunSink> sink, const PageContext& context);

  const std::string id;
  const Place place;
  const ServedModelPtr model;
  const std::shared_ptr<RunSink> sink;
  GenerationHandle handle;

  struct Told {
    std::string name;
    Json data;
  };
  // What has come since the last call, as events; several tokens are one.
  std::vector<Told> take_news();
  // What the store lacks; nothing when it has everything.
  std::optional<store::MessageChange> take_change();
  // It never got to the engine.
  void fail(const std::string& message);

  bool has_ended() const { return has_ended_; }
  bool is_changed() const { return is_changed_; }  // since take_change()
  RunView view() const { return {id, state_}; }
  // Brings a message from the store up to now.
  void overlay(store::Message& message) const;
  const RequestRecord& record() const { return record_; }
  double tokens_per_s() const { return tokens_per_s_; }

 private:
  struct Delta {
    std::int64_t from;
    std::string text = {}, thinking = {};
  };

  void add(const LoggedToken& token, Delta& delta);
  void end(const ChoiceEvent& event, Delta& delta);
  void end(const RunEnded& ended);
  Json progress(const char* state) const;
  void note_thinking(bool was_in_thought);

  LiveAnswer answer_;
  std::string state_ = "queued";
  std::int64_t token_count_ = 0;
  Json facts_ = Json::object();
  std::string unsaved_tokens_;
  bool is_changed_ = false;
  bool has_ended_ = false;
  std::chrono::steady_clock::time_point thinking_since_;
  std::int64_t thinking_ms_ = 0;

  store::MessageStatus status_ = store::MessageStatus::running;
  std::string finish_reason_, error_;
  std::uint64_t seed_;
  double tokens_per_s_ = 0;
  RequestRecord record_;
};

}  // namespace bise::api
