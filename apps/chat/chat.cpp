#include "apps/chat/chat.h"

#include <cstdio>
#include <ctime>
#include <random>
#include <utility>

#include "apps/answer_stream.h"
#include "apps/interrupt.h"
#include "apps/system_prompt.h"
#include "apps/units.h"
#include "apps/version.h"
#include "base/text.h"

namespace bise {
namespace {

// Without a terminal rows have no end.
constexpr int kPlainWidth = 1 << 20;

std::vector<std::string> command_words() {
  std::vector<std::string> words;
  for (const ChatCommand& command : chat_commands()) words.emplace_back(command.name);
  return words;
}

std::uint64_t random_seed() {
  std::random_device device;
  // Short enough to be typed again.
  return device() % 1'000'000'000;
}

}  // namespace

Chat::Chat(LoadedModel& loaded, const RunOptions& options, DataFolder data)
    : loaded_(loaded),
      data_(std::move(data)),
      stops_(options.stops),
      style_(Terminal::is_usable() ? terminal_style() : Style()),
      terminal_(Terminal::is_usable() ? std::make_unique<Terminal>() : nullptr),
      history_(terminal_ ? data_.history() : ""),
      session_(*loaded.model, *loaded.cache, loaded.context_tokens) {
  SamplingDefaults defaults =
      sampling_defaults(loaded.checkpoint, loaded.tokenizer.settings.layout);
  settings_.sampling = defaults.options;
  settings_source_ = defaults.source;
  apply(options.sampling, settings_.sampling);
  settings_.seed = options.sampling.seed;
  settings_.tokens_max = options.tokens_max;
  settings_.stats = options.stats;
  if (terminal_) {
    editor_.emplace(*terminal_, history_, command_words());
  } else {
    settings_.thinking = ThinkingShown::open;
  }
  std::optional<std::string> system = options.system;
  if (!system) {
    system = shipped_system_prompt(loaded.checkpoint, loaded.name, std::time(nullptr));
    system_is_shipped_ = system.has_value();
  }
  if (system && !system->empty()) {
    conversation_.set_system(system_message(*system, loaded.tokenizer.settings.layout));
  }
}

void Chat::write(std::string_view text) {
  if (terminal_) {
    terminal_->write(text);
  } else {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  }
}

void Chat::note(std::string_view text) {
  FlowText flow(screen().width, "", 0);
  write(concat(style_.dim, flow.push(text), style_.reset, "\n"));
}

void Chat::warn(std::string_view text) {
  FlowText flow(screen().width, "", 0);
  write(concat(style_.warning, flow.push(text), style_.reset, "\n"));
}

AnswerView::Screen Chat::screen() const {
  AnswerView::Screen screen;
  screen.width = terminal_ ? terminal_->width() : kPlainWidth;
  screen.height = terminal_ ? terminal_->height() : 1;
  screen.style = style_;
  screen.write = [terminal = terminal_.get()](std::string_view text) {
    if (terminal != nullptr) return terminal->write(text);
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  };
  return screen;
}

void Chat::greet() {
  const std::string context =
      loaded_.context_tokens < loaded_.model->spec().context_tokens
          ? concat(count_text(loaded_.context_tokens), " of ",
                   count_text(loaded_.model->spec().context_tokens), " tokens (--context)")
          : concat(count_text(loaded_.context_tokens), " tokens");
  write(concat(style_.bold, loaded_.name, style_.reset, "\n"));
  note(concat("bise ", kVersion, ", context ", context, ", temperature ",
              short_text(settings_.sampling.temperature), ". /help says more; Ctrl-D leaves."));
  if (system_is_shipped_) {
    note("With the instructions of SYSTEM_PROMPT.txt beside the model; /system shows them.");
  }
}

int Chat::run() {
  greet();
  bool warned = false;  // a first Ctrl-C at an empty prompt
  while (true) {
    const LineEditor::Outcome outcome = read_entry("> ");
    if (outcome.end == LineEditor::End::end_of_input) return 0;
    if (outcome.end == LineEditor::End::interrupt) {
      if (!outcome.text.empty()) continue;
      if (warned) return 0;
      note("Ctrl-C again or Ctrl-D leaves.");
      warned = true;
      continue;
    }
    warned = false;
    const std::string& text = outcome.text;
    if (text.find_first_not_of(" \t\n") == std::string::npos) continue;
    if (terminal_ && !history_is_broken_) {
      (void)make_folder(data_.path);
      if (const auto added = history_.add(text); !added.ok()) {
        warn(concat("what you type is not remembered: ", added.error().message));
        history_is_broken_ = true;
      }
    }
    if (text[0] == '/' && text.find('\n') == std::string::npos) {
      if (command(text) == Ending::leave) return 0;
      continue;
    }
    conversation_.add_user(text);
    answer();
    write("\n");
  }
}

LineEditor::Outcome Chat::read_entry(const std::string& prompt_word) {
  if (!terminal_) return read_plain_entry(prompt_word);
  const int columns = static_cast<int>(prompt_word.size());
  const PromptText prompt = {concat(style_.accent, style_.bold, prompt_word, style_.reset),
                             std::string(prompt_word.size(), ' '), columns};
  return editor_->read(prompt, [this] { show_last_thoughts(); });
}

LineEditor::Outcome Chat::read_plain_entry(const std::string& prompt_word) {
  write(prompt_word);
  std::string text;
  for (int c = 0; (c = std::getchar()) != EOF;) {
    if (c != '\n') {
      text.push_back(static_cast<char>(c));
    } else if (text.ends_with('\\')) {
      text.back() = '\n';
    } else {
      return {LineEditor::End::entry, text};
    }
  }
  write("\n");
  return {text.empty() ? LineEditor::End::end_of_input : LineEditor::End::entry, text};
}

void Chat::show_last_thoughts() {
  if (last_thoughts_.empty()) return note("There was no thought to show.");
  FlowText flow(screen().width, "\xE2\x94\x82 ", 2);
  write(concat(style_.dim, flow.push(last_thoughts_), flow.finish(), style_.reset));
}

GenerateOptions Chat::generate_options() {
  GenerateOptions options = {.sampling = settings_.sampling,
                             .tokens_max = settings_.tokens_max,
                             .end_ids = end_ids(loaded_.layout.get(), *loaded_.tokenizer.tokenizer),
                             .top_log_probs = {}};
  last_seed_ = settings_.seed ? *settings_.seed : random_seed();
  options.sampling.seed = last_seed_;
  return options;
}

// Keys while the answer runs: Ctrl-O folds, Escape stops, the rest is for the next entry.
void Chat::poll_keys(AnswerView& view) {
  if (!terminal_) return;
  const auto bytes = terminal_->read(0);
  if (!bytes || bytes->empty()) return;
  if (*bytes == "\033") {
    InterruptFlag::flag() = true;
  } else if (*bytes == "\x0f") {
    view.toggle_thinking();
  } else {
    editor_->type_ahead(*bytes);
  }
}

Result<Generation> Chat::generate(AnswerView& view, std::vector<AnswerEvent>& events) {
  const ChatPrompt prompt = TRY(loaded_.layout->lay_out(conversation_.request(), {}));
  AnswerStream stream(*loaded_.tokenizer.tokenizer, loaded_.layout->answer_marks(), stops_);
  const auto take = [&](const std::vector<AnswerEvent>& more) {
    events.insert(events.end(), more.begin(), more.end());
    view.show(more);
  };
  const InterruptFlag interrupt(InterruptFlag::Second::nothing);
  if (terminal_) {
    terminal_->begin_answering();
    if (editor_->take_interrupt()) InterruptFlag::flag() = true;
  }
  GenerateHooks hooks;
  hooks.cancel = &InterruptFlag::flag();
  hooks.on_prefill = [&](std::int64_t done, std::int64_t total) {
    view.show_progress(done, total);
    poll_keys(view);
  };
  hooks.on_token = [&](const SampledToken& token) {
    view.count_token();
    take(stream.push(token.id));
    poll_keys(view);
    return stream.stopped() ? Flow::stop : Flow::go_on;
  };
  Result<Generation> generation = session_.generate(prompt.ids, generate_options(), hooks);
  take(stream.finish());
  // Before the flag's end: from here on Ctrl-C is a key again and no signal.
  if (terminal_) terminal_->begin_editing();
  return generation;
}

void Chat::answer() {
  while (true) {
    AnswerView view(screen(), settings_.thinking);
    std::vector<AnswerEvent> events;
    const Result<Generation> generation = generate(view, events);
    view.finish();
    if (terminal_) settings_.thinking = view.thinking();
    if (!view.thoughts().empty()) last_thoughts_ = view.thoughts();
    if (!generation.ok()) {
      warn(generation.error().message);
      if (generation.error().code == ErrorCode::invalid_argument) {
        note("The last message was taken back. /clear begins a new conversation.");
      }
      conversation_.drop_unanswered();
      return;
    }
    last_stats_ = generation->stats;
    if (events.empty()) {
      conversation_.drop_unanswered();
      return report(*generation);
    }
    const std::vector<ToolCall> calls = conversation_.add_answer(collect_segments(events));
    report(*generation);
    if (calls.empty()) return;
    if (generation->finish != Finish::end_token || !ask_for_results(calls)) {
      conversation_.drop_exchange();
      note("The question was taken back, because its tool calls have no results.");
      return;
    }
  }
}

bool Chat::ask_for_results(const std::vector<ToolCall>& calls) {
  for (const ToolCall& call : calls) {
    note(concat("What does ", call.name, " give? (an empty line: nothing; Ctrl-C: take it back)"));
    const LineEditor::Outcome outcome = read_entry("result> ");
    if (outcome.end != LineEditor::End::entry) return false;
    conversation_.add_tool_result(call, outcome.text);
  }
  return true;
}

void Chat::report(const Generation& generation) {
  switch (generation.finish) {
    case Finish::end_token:
    case Finish::stopped:
      break;
    case Finish::length:
      note(
          concat("(stopped after ", count_text(settings_.tokens_max), " tokens: /set max_tokens)"));
      break;
    case Finish::context_full:
      warn(concat("The context of ", count_text(loaded_.context_tokens),
                  " tokens is full. /clear begins a new conversation; --context makes room."));
      break;
    case Finish::cancelled:
      note("(stopped)");
      break;
  }
  if (!settings_.stats) return;
  const GenerateStats& stats = generation.stats;
  const std::int64_t used = stats.prompt_tokens + stats.answer_tokens;
  note(concat(count_text(stats.answer_tokens), " tokens, ", number_text(stats.decode_rate()),
              " a second; context ", count_text(used), " of ", count_text(loaded_.context_tokens)));
}

}  // namespace bise
