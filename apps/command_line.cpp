#include "apps/command_line.h"

#include <algorithm>

#include "apps/flags.h"
#include "apps/help_formatter.h"
#include "apps/serve/admin_flags.h"
#include "apps/serve/config_file.h"
#include "apps/version.h"

namespace bise {
namespace {

const char* const kModelHelp =
    "A GGUF file, a checkpoint folder, or the name of a model in the local store (bise list; "
    "\"starter\" is one)";

void add_sampling(CLI::App& app, RunOptions& run) {
  const char* const group = "Sampling";
  SamplingFlags& flags = run.sampling;
  add_optional(app, "--temperature,-t", flags.temperature,
               "0 takes the likeliest token each time. One-shot answers: 0; the chat: as the model "
               "wants it")
      ->check(CLI::Range(0.0, 100.0))
      ->type_name("X")
      ->group(group);
  add_optional(app, "--top-k", flags.top_k, "Choose among this many likeliest tokens (0: all)")
      ->check(CLI::Range(0, 1000000000))
      ->type_name("N")
      ->group(group);
  add_optional(app, "--top-p", flags.top_p, "Choose among the likeliest that make up this mass")
      ->check(CLI::Range(0.0, 1.0))
      ->type_name("P")
      ->group(group);
  add_optional(app, "--min-p", flags.min_p,
               "Leave out what is less than P times as likely as the likeliest")
      ->check(CLI::Range(0.0, 1.0))
      ->type_name("P")
      ->group(group);
  add_optional(app, "--typical-p", flags.typical_p, "Locally typical sampling up to this mass")
      ->check(CLI::Range(0.0, 1.0))
      ->type_name("P")
      ->group(group);
  add_optional(app, "--repetition-penalty", flags.repetition_penalty,
               "Above 1: tokens of prompt and answer get less likely")
      ->check(CLI::Range(0.01, 100.0))
      ->type_name("X")
      ->group(group);
  add_optional(app, "--frequency-penalty", flags.frequency_penalty,
               "Taken off a token's logit each time the answer has it")
      ->check(CLI::Range(-100.0, 100.0))
      ->type_name("X")
      ->group(group);
  add_optional(app, "--presence-penalty", flags.presence_penalty,
               "Taken off a token's logit once if the answer has it")
      ->check(CLI::Range(-100.0, 100.0))
      ->type_name("X")
      ->group(group);
  add_optional(app, "--seed", flags.seed, "The same seed gives the same answer on every machine")
      ->type_name("N")
      ->group(group);
}

void add_run(CLI::App& app, RunOptions& run) {
  app.description(
      "Talk with a model in the terminal, or get one answer\n"
      "With PROMPT, or text on stdin, the answer goes to stdout and that is all; else a chat opens "
      "(/help there says what it can do).");
  app.add_option("MODEL", run.model, kModelHelp);
  add_optional(app, "PROMPT", run.prompt, "Answer this and end; \"-\" reads it from stdin");
  const char* const answer = "Answer";
  add_optional(app, "--system,-s", run.system,
               "Instructions that precede the conversation; unless said, those in "
               "SYSTEM_PROMPT.txt beside the model")
      ->type_name("TEXT")
      ->group(answer);
  app.add_option("--max-tokens,-n", run.tokens_max,
                 "End after so many tokens (0: the context's end)")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 40))
      ->type_name("N")
      ->group(answer);
  app.add_option("--stop", run.stops, "End before this text; may be given several times")
      ->type_name("TEXT")
      ->take_all()
      ->allow_extra_args(false)
      ->group(answer);
  app.add_flag("--raw", run.raw, "Continue PROMPT as it is, without a chat layout (base models)")
      ->group(answer);
  app.add_option("--layout", run.layout,
                 "Chat layout instead of the one the file asks for: v3 v7 v11 v13 v15 chatml")
      ->type_name("V")
      ->group(answer);
  app.add_flag("--json", run.json, "One JSON object: text, thinking, tool_calls, finish, stats")
      ->group(answer);
  app.add_flag("--stats", run.stats, "Times, rates and memory to stderr at the end")->group(answer);
  add_sampling(app, run);
  add_optional(app, "--context,-c", run.context_tokens,
               "Tokens a conversation may have; unless said the model's own, up to 32768 and to "
               "what the memory holds")
      ->check(CLI::Range(std::int64_t{16}, std::int64_t{1} << 31))
      ->type_name("N")
      ->group("Machine");
  add_kv(app, run.kv);
  add_threads(app, run.threads);
  app.footer(
      "Examples:\n"
      "  bise run starter\n"
      "  bise run starter \"What is the chemical symbol for water?\"\n"
      "  bise run model.gguf --system \"Answer in French.\" -t 0.7 --seed 1 \"Tell a story.\"\n"
      "  git diff | bise run model.gguf --system \"Write a commit message.\"\n"
      "Exit codes: 0 done, 2 input that cannot be used, 130 stopped with Ctrl-C.");
}

void add_show(CLI::App& app, ShowOptions& show) {
  app.description(
      "What is in a model file, and what memory it will need\n"
      "Architecture, formats and bytes by part, tokenizer and chat layout with the reason for it, "
      "and the memory that running it takes at several context lengths.");
  app.add_option("MODEL", show.model, kModelHelp)->required();
  app.add_option("--layout", show.layout, "Chat layout instead of the one the file asks for")
      ->type_name("V");
  app.add_flag("--json", show.json, "The same as one JSON object, sizes in bytes");
  app.footer("Example:\n  bise show starter");
}

void add_bench(CLI::App& app, BenchOptions& bench) {
  app.description(
      "Measure how fast a model runs here\n"
      "Reading prompts (prefill), writing after a context of "
      "some depth (decode, 32 tokens), and several sequences at once (batch, 8 tokens each after "
      "prompts of 16). One warm-up, then the median of --repeat runs with the lowest and highest.");
  app.add_option("MODEL", bench.model, kModelHelp)->required();
  const auto list = [&](const char* name, std::vector<int>& target, const char* help, int max) {
    app.add_option(name, target, help)
        ->delimiter(',')
        ->check(CLI::Range(name == std::string("--depth") ? 0 : 1, max))
        ->type_name("N,...")
        ->allow_extra_args(false);
  };
  list("--prefill", bench.prefill, "Prompt lengths (512, or the context's where that is less)",
       1 << 20);
  list("--depth", bench.depth, "Tokens before the measured ones in decode (0)", 1 << 20);
  list("--batch", bench.batch, "Sequences at once (none)", 512);
  app.add_option("--repeat", bench.repeat, "Measured runs of each row (5)")
      ->check(CLI::Range(1, 1000))
      ->type_name("N");
  app.add_flag("--json", bench.json,
               "One JSON object with the machine, every row with its KV type");
  add_kv(app, bench.kv);
  add_threads(app, bench.threads);
  app.footer(
      "Example:\n  bise bench starter --prefill 512,8192 --depth 0,4096 --batch 8,32 --json");
}

void add_score(CLI::App& app, ScoreOptions& score) {
  app.description(
      "Losses, logits and greedy continuations of given tokens\n"
      "The mean of -ln p over each sequence, all logits on request, and what would follow. "
      "Sequences run as one ragged batch; nothing is added to the ids. "
      "Prints {\"sequences\":[{\"tokens\":N,\"nll_mean\":x,\"greedy\":[…]}]}.");
  app.add_option("MODEL", score.model, kModelHelp)->required();
  app.add_option("--tokens", score.tokens_file,
                 "JSON file: an array of token ids, or an array of such arrays")
      ->required()
      ->type_name("FILE");
  app.add_option("--logits", score.logits_file,
                 "Write all logits there: float32 [tokens, vocabulary], sequence after sequence")
      ->type_name("OUT.npy");
  app.add_flag("--exact", score.exact,
               "Weights, activations, keys and values in float32: for checking against references");
  app.add_option("--greedy", score.greedy, "Tokens to decode greedily after each sequence")
      ->check(CLI::Range(0, 1 << 20))
      ->type_name("N");
  add_kv(app, score.kv);
  add_threads(app, score.threads);
  app.footer("Example:\n  echo '[1, 2, 3]' > ids.json; bise score model.gguf --tokens ids.json");
}

void add_tokenize(CLI::App& app, TokenizeOptions& tokenize) {
  using Task = TokenizeOptions::Task;
  app.description(
      "Text to tokens and back, line by line\n"
      "JSON lines in, one JSON line out for each. A line that is refused gives {\"error\":…} for "
      "itself alone, and the exit code stays 0.\n"
      "  {\"text\":…} or {\"bytes_b64\":…} gives {\"ids\":[…]} (no BOS);\n"
      "  --chat    {\"request\":{…},\"max_model_input_len\":N?} gives ids, text, images, "
      "prefix_ids "
      "(a request with \"prompt\" is fill-in-the-middle);\n"
      "  --decode  {\"ids\":[…]} gives text, emit (what each id makes certain), flush;\n"
      "  --parse   {\"ids\":[…]} gives segments: text, thinking, tool calls.");
  app.add_option("MODEL", tokenize.model,
                 "A tekken.json, a tokenizer.json, a GGUF file, a folder with one of them, or the "
                 "name of a model in the local store")
      ->required();
  app.add_option("--layout", tokenize.layout,
                 "Chat layout instead of the one the file asks for: v3 v7 v11 v13 v15 chatml")
      ->type_name("V");
  const auto task = [&](const char* name, Task value, const char* help) {
    return app.add_flag_callback(
        name, [&tokenize, value] { tokenize.task = value; }, help);
  };
  CLI::Option* chat = task("--chat", Task::chat, "Lay out conversations");
  CLI::Option* decode = task("--decode", Task::decode, "Ids to text");
  CLI::Option* parse = task("--parse", Task::parse, "Ids of an answer to its segments");
  chat->excludes(decode)->excludes(parse);
  decode->excludes(parse);
  app.add_option_function<std::string>(
         "--mode", [&tokenize](const std::string& name) { tokenize.mode = *find_chat_mode(name); },
         "With --chat, which conversations are accepted: test (default), serving, finetuning, "
         "agnostic")
      ->check(CLI::IsMember(std::vector<std::string>{"test", "serving", "finetuning", "agnostic"}))
      ->needs(chat)
      ->type_name("MODE");
  app.add_flag("--keep-special", tokenize.keep_special, "With --decode, write control tokens out")
      ->needs(decode);
  app.add_option("--file", tokenize.file, "Read the lines from this file instead of stdin")
      ->type_name("F");
  app.footer("Example:\n  echo '{\"text\":\"Hello\"}' | bise tokenize starter");
}

void add_doctor(CLI::App& app, DoctorOptions& doctor) {
  app.description(
      "What this machine and this program can do\n"
      "Processor features and the kernels "
      "chosen, memory bandwidth and arithmetic measured, memory available, the data folder; "
      "and of the server there whether it answers, who reaches it, whether its store can be read "
      "and its secrets are closed (! marks what needs you).");
  app.add_flag("--json", doctor.json, "The same as one JSON object");
  app.footer("BISE_CPU_ISA=reference, avx2 or avx512 forces a set of kernels.");
  app.add_flag("!--no-measure", doctor.measure, "Leave out what takes time");
}

// The whole command line, and what it fills.
class Parser {
 public:
  Parser();
  Command parse(int argc, const char* const* argv);

 private:
  CLI::App app_{"bise runs small language models on this machine.", "bise"};
  RunOptions run_;
  ShowOptions show_;
  BenchOptions bench_;
  DoctorOptions doctor_;
  ListOptions list_;
  ScoreOptions score_;
  TokenizeOptions tokenize_;
  ServeOptions serve_;
  KeysOptions keys_;
  LinkOptions link_;
  BackupOptions backup_;
  PsOptions ps_;
  CLI::App *keys_app_, *link_app_, *backup_app_, *ps_app_;
  CLI::App *run_app_, *serve_app_, *show_app_, *bench_app_, *doctor_app_, *list_app_, *score_app_,
      *tokenize_app_;
};

Parser::Parser() {
  app_.set_version_flag("--version", std::string("bise ") + kVersion,
                        "The version, and nothing else");
  app_.require_subcommand(0, 1);
  app_.formatter(std::make_shared<HelpFormatter>());
  app_.footer(
      "Without a verb: the chat page with the models that are here, in a browser, signed in.\n"
      "bise VERB --help says more. Models lie in the data folder ($BISE_HOME, else "
      "~/.local/share/bise)\nunder models/, or are given as a path.");
  run_app_ = add_verb(app_, "run");
  serve_app_ = add_verb(app_, "serve");
  list_app_ = add_verb(app_, "list");
  show_app_ = add_verb(app_, "show");
  bench_app_ = add_verb(app_, "bench");
  score_app_ = add_verb(app_, "score");
  doctor_app_ = add_verb(app_, "doctor");
  tokenize_app_ = add_verb(app_, "tokenize");
  add_run(*run_app_, run_);
  add_serve(*serve_app_, serve_);
  keys_app_ = add_verb(app_, "keys");
  link_app_ = add_verb(app_, "link");
  ps_app_ = add_verb(app_, "ps");
  backup_app_ = add_verb(app_, "backup");
  add_keys(*keys_app_, keys_);
  add_link(*link_app_, link_);
  add_ps(*ps_app_, ps_);
  add_backup(*backup_app_, backup_);
  add_tokenize(*tokenize_app_, tokenize_);
  add_show(*show_app_, show_);
  add_bench(*bench_app_, bench_);
  add_score(*score_app_, score_);
  add_doctor(*doctor_app_, doctor_);
  list_app_->description("The models in the local store\nNames, sizes and paths.");
  list_app_->footer("They lie in the data folder under models/: NAME.gguf, or NAME/ for a folder.");
  list_app_->add_flag("--json", list_.json, "The same as one JSON object");
}

Command Parser::parse(int argc, const char* const* argv) {
  // Without a verb it is `serve`, with the page opened.
  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  serve_.open_page = words.empty();
  if (words.empty()) words = {"serve"};
  if (words.front() == "serve") {
    Result<std::vector<std::string>> all = with_config_file(std::move(words));
    if (!all.ok()) {
      std::fprintf(stderr, "bise serve: %s\n", all.error().message.c_str());
      return ExitCode{2};
    }
    words = std::move(*all);
  }
  try {
    // CLI11 takes them from the end.
    app_.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::Success& success) {
    return ExitCode{app_.exit(success)};
  } catch (const CLI::ParseError& error) {
    if (app_.get_subcommands().empty() && argc > 1 && argv[1][0] != '-') {
      std::fprintf(stderr, "bise: there is no verb \"%s\" (bise --help lists them)\n", argv[1]);
      return ExitCode{2};
    }
    std::string verb;
    for (const CLI::App* app : app_.get_subcommands()) verb = " " + app->get_name();
    std::fprintf(stderr, "bise%s: %s (bise%s --help)\n", verb.c_str(), error.what(), verb.c_str());
    return ExitCode{2};
  }
  if (run_app_->parsed()) return run_;
  if (show_app_->parsed()) return show_;
  if (bench_app_->parsed()) return bench_;
  if (doctor_app_->parsed()) return doctor_;
  if (list_app_->parsed()) return list_;
  if (score_app_->parsed()) return score_;
  if (tokenize_app_->parsed()) return tokenize_;
  if (keys_app_->parsed()) return keys_;
  if (link_app_->parsed()) return link_;
  if (ps_app_->parsed()) return ps_;
  if (backup_app_->parsed()) return backup_;
  return serve_;
}

}  // namespace

const char* cli11_version() {
  return CLI11_VERSION;
}

Command read_command_line(int argc, const char* const* argv) {
  Parser parser;
  return parser.parse(argc, argv);
}

}  // namespace bise
