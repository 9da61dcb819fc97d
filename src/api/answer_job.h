#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/answer.h"
#include "api/services.h"
#include "engine/engine.h"
#include "http/exchange.h"

namespace bise::api {

// A request, read and laid out: nothing in it can fail any more but the engine.
struct AnswerPlan {
  AnswerHead head;
  RequestRecord record;
  // One for each prompt (only OpenAI's completions have several); each of the same number of
  // choices, which are numbered through.
  std::vector<GenerationRequest> generations;

  // How tokens become pieces: by the layout's marks, or (none) plainly, with the engine looking
  // for stop strings.
  std::optional<AnswerMarks> marks;
  ReaderOptions reader;
  // Of each prompt, before what is generated: an echoed prompt, a prefix.
  std::vector<std::vector<AnswerPiece>> leads;
  std::vector<std::string> stops;  // as the client gave them
  bool tells_log_probs = false;

  std::unique_ptr<StreamWriter> stream;  // null: whole
  WholeWriter whole = nullptr;
};

// The way out to one client, from any thread: frames in, in order; what a slow reader does not take
// waits here while the generations pause.
class AnswerOutlet : public std::enable_shared_from_this<AnswerOutlet> {
 public:
  explicit AnswerOutlet(http::ExchangePtr exchange) : exchange_(std::move(exchange)) {}

  void open_stream(http::Response head);
  void add_handle(const GenerationHandle& handle);
  void write(std::string_view frames);
  void finish();
  // A last frame, then the connection closes.
  void fail_stream(std::string_view frame);
  void respond(http::Response response);
  // Instead of an answer.
  void fail(const ApiError& error);
  // Nothing more is sent or generated.
  void cancel();
  bool is_cancelled() const;

 private:
  enum class After { open, finish, close };

  void send();
  void set_paused_locked(bool paused);
  void cancel_locked();

  const http::ExchangePtr exchange_;
  mutable std::mutex mutex_;
  std::shared_ptr<http::ResponseStream> stream_;
  std::vector<GenerationHandle> handles_;
  std::string pending_;
  After after_ = After::open;
  bool waits_ = false;  // for the reader
  bool cancelled_ = false;
};

// Generates and answers. Errors of the engine at the door become an ordinary error; later ones are
// told within the answer. The answer ends early when the client goes away or the server stops.
void answer(const ServicesPtr& services, const http::ExchangePtr& exchange, AnswerPlan plan);

// The other exit of every model route: an error, and the record of it.
void refuse(const ServicesPtr& services, const http::ExchangePtr& exchange, const ApiError& error,
            RequestRecord record);

}  // namespace bise::api
