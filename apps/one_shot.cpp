#include "apps/one_shot.h"

#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <utility>

#include "apps/answer_stream.h"
#include "apps/chat/style.h"
#include "apps/interrupt.h"
#include "apps/system_prompt.h"
#include "apps/units.h"
#include "base/text.h"
#include "engine/session.h"

namespace bise {
namespace {

Result<std::vector<TokenId>> lay_out_prompt(const LoadedModel& loaded, const RunOptions& options,
                                            const std::string& prompt) {
  const Tokenizer& tokenizer = *loaded.tokenizer.tokenizer;
  if (options.raw) {
    std::vector<TokenId> ids;
    if (loaded.tokenizer.settings.add_bos && tokenizer.bos_id()) ids.push_back(*tokenizer.bos_id());
    tokenizer.encode(prompt, ids);
    return ids;
  }
  ChatRequest request;
  std::optional<std::string> system = options.system;
  if (!system) {
    system = shipped_system_prompt(loaded.checkpoint, loaded.name, std::time(nullptr));
  }
  if (system && !system->empty()) {
    request.messages.push_back(system_message(*system, loaded.tokenizer.settings.layout));
  }
  ChatMessage& question = request.messages.emplace_back();
  question.role = ChatRole::user;
  question.content.emplace_back(TextChunk{prompt});
  return TRY(loaded.layout->lay_out(request, {})).ids;
}

// Prints the answer's events to stdout. Into a pipe goes the answer alone; a terminal shows the
// thoughts too, dimmed.
class Printer {
 public:
  explicit Printer(bool is_terminal) : is_terminal_(is_terminal) {}

  void print(const std::vector<AnswerEvent>& events) {
    for (const AnswerEvent& event : events) print(event);
    std::fflush(stdout);
  }

  void finish() {
    end_dim();
    if (!ends_line_) put("\n");
    std::fflush(stdout);
  }

 private:
  void print(const AnswerEvent& event) {
    using Kind = AnswerEvent::Kind;
    const bool begins = event.segment != segment_;
    segment_ = event.segment;
    switch (event.kind) {
      case Kind::text:
        end_dim();
        put(event.text);
        return;
      case Kind::thinking:
        if (!is_terminal_) return;
        if (begins && !ends_line_) put("\n");
        begin_dim();
        put(event.text);
        return;
      case Kind::thinking_closed:
        if (!is_terminal_) return;
        end_dim();
        put(ends_line_ ? "\n" : "\n\n");
        return;
      case Kind::call_name:
      case Kind::call_body:
        end_dim();
        if (begins) put(ends_line_ ? "tool call: " : "\ntool call: ");
        put(event.text);
        return;
      case Kind::call_arguments:
        if (event.text.empty()) put(" ");
        put(event.text);
        return;
      case Kind::call_id:
      case Kind::ended:
        return;
    }
  }

  void put(std::string_view text) {
    if (text.empty()) return;
    std::fwrite(text.data(), 1, text.size(), stdout);
    ends_line_ = text.back() == '\n';
  }
  void begin_dim() {
    if (is_dim_ || !is_terminal_) return;
    std::fputs(style_.dim.c_str(), stdout);
    is_dim_ = true;
  }
  void end_dim() {
    if (!is_dim_) return;
    std::fputs(style_.reset.c_str(), stdout);
    is_dim_ = false;
  }

  bool is_terminal_;
  Style style_ = terminal_style();
  bool is_dim_ = false;
  bool ends_line_ = true;
  int segment_ = -1;
};

const char* finish_name(Finish finish, bool stop_sequence) {
  switch (finish) {
    case Finish::end_token:
      return "stop";
    case Finish::stopped:
      return stop_sequence ? "stop" : "cancelled";
    case Finish::length:
      return "length";
    case Finish::context_full:
      return "model_length";
    case Finish::cancelled:
      return "cancelled";
  }
  return "";
}

Json stats_json(const GenerateStats& stats) {
  return Json::object({{"prompt_tokens", stats.prompt_tokens},
                       {"answer_tokens", stats.answer_tokens},
                       {"prefill_s", stats.prefill_s},
                       {"decode_s", stats.decode_s},
                       {"prefill_tokens_per_s", stats.prefill_rate()},
                       {"decode_tokens_per_s", stats.decode_rate()}});
}

Json answer_json(const std::vector<AnswerEvent>& events, const Generation& generation,
                 const char* finish) {
  std::string text;
  std::string thinking;
  Json calls = Json::array();
  for (const AnswerSegment& segment : collect_segments(events)) {
    switch (segment.kind) {
      case AnswerSegment::Kind::text:
        text += segment.text;
        break;
      case AnswerSegment::Kind::thinking:
        thinking += segment.text;
        break;
      case AnswerSegment::Kind::call: {
        Json call = Json::object();
        if (segment.name) call.set("name", *segment.name);
        if (segment.id) call.set("id", *segment.id);
        if (segment.arguments) call.set("arguments", *segment.arguments);
        if (segment.body) call.set("body", *segment.body);
        calls.push(std::move(call));
        break;
      }
    }
  }
  Json out = Json::object({{"text", text}});
  if (!thinking.empty()) out.set("thinking", thinking);
  if (!calls.items().empty()) out.set("tool_calls", std::move(calls));
  out.set("finish", finish);
  out.set("stats", stats_json(generation.stats));
  return out;
}

std::string rate_text(const char* verb, std::int64_t tokens, double seconds, double rate) {
  return concat(verb, count_text(tokens), " tokens in ", number_text(seconds), " s",
                rate > 0 ? concat(" (", number_text(rate), " a second)") : std::string());
}

void print_stats(const LoadedModel& loaded, const GenerateStats& stats) {
  std::fprintf(
      stderr, "%s\n%s\nmemory  %s at most; foreseen %s with the context of %s tokens full\n",
      rate_text("read    ", stats.prompt_tokens, stats.prefill_s, stats.prefill_rate()).c_str(),
      rate_text("wrote   ", stats.answer_tokens, stats.decode_s, stats.decode_rate()).c_str(),
      byte_text(process_memory().peak_bytes).c_str(), byte_text(loaded.need.total()).c_str(),
      count_text(loaded.context_tokens).c_str());
}

}  // namespace

Result<int> answer_once(LoadedModel& loaded, const RunOptions& options, const std::string& prompt) {
  const std::vector<TokenId> ids = TRY(lay_out_prompt(loaded, options, prompt));
  GenerateOptions generate = {.sampling = {},
                              .tokens_max = options.tokens_max,
                              .end_ids = end_ids(loaded.layout.get(), *loaded.tokenizer.tokenizer),
                              .top_log_probs = {}};
  apply(options.sampling, generate.sampling);

  const bool is_terminal = ::isatty(STDOUT_FILENO) != 0;
  AnswerStream stream(*loaded.tokenizer.tokenizer, loaded.layout->answer_marks(), options.stops);
  Printer printer(is_terminal);
  std::vector<AnswerEvent> all;
  const auto take = [&](std::vector<AnswerEvent> events) {
    if (options.json) {
      all.insert(all.end(), events.begin(), events.end());
    } else {
      printer.print(events);
    }
  };
  GenerateHooks hooks;
  const InterruptFlag interrupt(InterruptFlag::Second::ends_process);
  hooks.cancel = &InterruptFlag::flag();
  hooks.on_token = [&](const SampledToken& token) {
    take(stream.push(token.id));
    return stream.stopped() ? Flow::stop : Flow::go_on;
  };
  Session session(*loaded.model, *loaded.cache, loaded.context_tokens);
  const auto generation = session.generate(ids, generate, hooks);
  take(stream.finish());
  if (!options.json) printer.finish();
  if (!generation.ok()) return generation.error();

  if (options.json) {
    const char* finish = finish_name(generation->finish, stream.stopped());
    std::printf("%s\n", write_json(answer_json(all, *generation, finish)).c_str());
  }
  if (options.stats) print_stats(loaded, generation->stats);
  if (generation->finish == Finish::cancelled) return 130;
  if (generation->finish == Finish::context_full) {
    std::fprintf(stderr, "bise: the answer reached the end of the context (%s tokens)\n",
                 count_text(loaded.context_tokens).c_str());
  }
  return 0;
}

}  // namespace bise
