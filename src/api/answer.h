#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/answer_reader.h"
#include "api/errors.h"
#include "api/model_catalog.h"
#include "engine/generation.h"

namespace bise::api {

// How a choice ended, before a family finds its word for it.
enum class Ending : std::uint8_t { stop, stop_string, length, context_full, failed };

struct ChoiceEnd {
  Ending ending = Ending::stop;
  bool has_calls = false;
  std::string stop_string;  // of Ending::stop_string
};

// Of all choices, at the end; what is known at the beginning lacks the last two.
struct Usage {
  std::int64_t prompt_tokens = 0;
  std::int64_t cached_tokens = 0;
  std::int64_t completion_tokens = 0;
  std::int64_t thinking_tokens = 0;
};

// A run of one kind within an answer.
struct AnswerBlock {
  AnswerPiece::Kind kind;  // text, thinking or call
  std::string text;        // of calls the name
  bool closed = false;     // of thoughts
  std::string call_id;
  std::string arguments;
};

// A choice, whole.
struct ChoiceAnswer {
  std::vector<AnswerBlock> blocks;
  std::vector<LogProbs> log_probs;
  ChoiceEnd end;

  void add(const AnswerPiece& piece);
  std::string text() const;  // of all text blocks
  std::string thoughts() const;
  int call_count() const;
};

// What is the same for all events of an answer.
struct AnswerHead {
  std::string id;
  std::int64_t created = 0;  // seconds since 1970
  std::string model;         // as the client named it
  std::uint64_t seed = 0;
  ServedModelPtr served;
  std::string fingerprint;  // of the program
};

// An answer that is sent while it is made, in the words of one family. Calls come from one thread,
// in this order: begin, then any of add and end_choice, then end; each appends frames to `out`.
class StreamWriter {
 public:
  virtual ~StreamWriter() = default;
  virtual void begin(const Usage& so_far, std::string& out) = 0;
  // `log_probs` is null where none were asked for and at a choice's end.
  virtual void add(int choice, const std::vector<AnswerPiece>& pieces, const LogProbs* log_probs,
                   std::string& out) = 0;
  virtual void end_choice(int choice, const ChoiceEnd& end, std::string& out) = 0;
  virtual void end(const Usage& usage, std::string& out) = 0;
  // Instead of what would have come; from any thread.
  virtual std::string failure(const ApiError& error) const = 0;
};

// An answer that is sent when it is whole.
using WholeWriter = Json (*)(const AnswerHead& head, const std::vector<ChoiceAnswer>& choices,
                             const Usage& usage);

// {"token", "logprob", "bytes", "token_id", "top_logprobs"}: OpenAI's form with what Mistral's
// clients need beside.
Json log_probs_json(const LogProbs& log_probs, const Tokenizer& tokenizer);
// What JSON can say of a log-probability: -9999 for one that is not finite.
double finite_log_prob(double value);

}  // namespace bise::api
