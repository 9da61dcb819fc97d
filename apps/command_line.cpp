#include "apps/command_line.h"

#include <map>

#include "apps/help_formatter.h"
#include "apps/version.h"

namespace bise {
namespace {

const std::map<std::string, KvElement> kKvNames = {{"f16", KvElement::f16},
                                                   {"bf16", KvElement::bf16},
                                                   {"q8", KvElement::q8},
                                                   {"f32", KvElement::f32}};

const char* const kModelHelp =
    "A GGUF file, a checkpoint folder, or the name of a model in the local store (bise list; "
    "\"starter\" is one)";

// CLI11 fills plain values; which were given is asked afterwards.
template <class T>
CLI::Option* add_optional(CLI::App& app, const std::string& name, std::optional<T>& target,
                          const std::string& help) {
  return app.add_option_function<T>(
      name, [&target](const T& value) { target = value; }, help);
}

CLI::Option* add_kv(CLI::App& app, std::optional<KvElement>& target) {
  return app
      .add_option_function<std::string>(
          "--kv", [&target](const std::string& name) { target = kKvNames.at(name); },
          "Element type of keys and values: f16 (default), bf16, q8 (half the memory), f32")
      ->check(CLI::IsMember(std::vector<std::string>{"f16", "bf16", "q8", "f32"}))
      ->type_name("TYPE")
      ->group("Machine");
}

CLI::Option* add_threads(CLI::App& app, int& target) {
  return app
      .add_option("--threads", target,
                  "Threads; all cores unless said. Results do not depend on it")
      ->check(CLI::Range(1, 1024))
      ->type_name("N")
      ->group("Machine");
}

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
  list("--prefill", bench.prefill, "Prompt lengths (512)", 1 << 20);
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

void add_serve_network(CLI::App& app, ServeOptions& serve) {
  const char* const group = "Network";
  app.add_option("--host", serve.host,
                 "Address to listen on (127.0.0.1: this machine only; 0.0.0.0: every network)")
      ->envname("BISE_HOST")
      ->type_name("ADDRESS")
      ->group(group);
  app.add_option("--port", serve.port, "Port (8080; 0: any free one)")
      ->envname("BISE_PORT")
      ->type_name("N")
      ->group(group);
  app.add_option("--listen", serve.listen, "A Unix socket beside it: unix:PATH")
      ->envname("BISE_LISTEN")
      ->type_name("unix:PATH")
      ->group(group);
  app.add_option("--public-url", serve.public_url,
                 "Where people reach this server, if a proxy stands before it")
      ->envname("BISE_PUBLIC_URL")
      ->type_name("URL")
      ->group(group);
  app.add_option("--allow-origin", serve.allow_origins,
                 "Pages of this origin may use the API with a key; may be given several times")
      ->envname("BISE_ALLOW_ORIGIN")
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("ORIGIN")
      ->group(group);
  app.add_option("--tls-cert", serve.tls_cert, "Certificate with its chain, PEM")
      ->envname("BISE_TLS_CERT")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--tls-key", serve.tls_key, "Its key, PEM")
      ->envname("BISE_TLS_KEY")
      ->type_name("FILE")
      ->group(group);
  app.add_flag("--metrics-open", serve.metrics_open, "GET /metrics without a key")
      ->envname("BISE_METRICS_OPEN")
      ->group(group);
  app.add_flag("--strict", serve.strict, "Refuse requests with fields that nobody knows")
      ->envname("BISE_STRICT")
      ->group(group);
}

void add_serve_work(CLI::App& app, ServeOptions& serve) {
  const char* const group = "Work";
  add_optional(app, "--context,-c", serve.context_tokens,
               "Tokens one conversation may have; unless said the model's own, up to 32768 and to "
               "what the memory holds")
      ->check(CLI::Range(std::int64_t{16}, std::int64_t{1} << 31))
      ->envname("BISE_CONTEXT")
      ->type_name("N")
      ->group(group);
  app.add_option_function<std::uint64_t>(
         "--memory", [&serve](const std::uint64_t& bytes) { serve.memory_bytes = bytes; },
         "What weights, keys and values of all models may take (8GB, 500MB); unless said nine "
         "tenths of what is free at the start")
      ->transform(CLI::AsSizeValue(true))
      ->envname("BISE_MEMORY")
      ->type_name("SIZE")
      ->group(group);
  add_kv(app, serve.kv)->envname("BISE_KV")->group(group);
  add_threads(app, serve.threads)->envname("BISE_THREADS")->group(group);
  app.add_option("--parallel", serve.parallel, "Sequences of one model at once (64)")
      ->check(CLI::Range(1, 512))
      ->envname("BISE_PARALLEL")
      ->type_name("N")
      ->group(group);
  app.add_option("--queue", serve.queue, "Requests that may wait (1024)")
      ->check(CLI::Range(1, 1'000'000))
      ->envname("BISE_QUEUE")
      ->type_name("N")
      ->group(group);
  add_optional(app, "--temperature,-t", serve.temperature,
               "Where a request says none (unless said the model's own)")
      ->check(CLI::Range(0.0, 100.0))
      ->envname("BISE_TEMPERATURE")
      ->type_name("X")
      ->group(group);
  app.add_option("--drain", serve.drain_s, "Seconds that running answers get at the end (10)")
      ->check(CLI::Range(0.0, 86400.0))
      ->envname("BISE_DRAIN")
      ->type_name("S")
      ->group(group);
  app.add_option("--idle-unload", serve.idle_unload_s,
                 "Unload a model that nobody used for so many seconds (0: never)")
      ->check(CLI::Range(0.0, 1e9))
      ->envname("BISE_IDLE_UNLOAD")
      ->type_name("S")
      ->group(group);
}

void add_serve(CLI::App& app, ServeOptions& serve) {
  app.description(
      "Serve models: the APIs of OpenAI, Mistral and Anthropic, and the chat page\n"
      "Prints a link that signs a browser in, once. Programs send the key in the data folder's "
      "file \"key\" (or BISE_API_KEY) as Bearer token; the base URL is http://ADDRESS:PORT (with "
      "/v1 for OpenAI clients).");
  app.add_option("MODEL", serve.models,
                 "Models to serve, the first one loaded at once; none: all in the local store")
      ->envname("BISE_MODELS");
  app.add_option("--alias", serve.aliases,
                 "Another name for a model, as clients may have it: mistral-small-latest=starter")
      ->envname("BISE_ALIAS")
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("NAME=MODEL");
  app.add_option("--layout", serve.layout,
                 "Chat layout instead of the one the files ask for: v3 v7 v11 v13 v15 chatml")
      ->envname("BISE_LAYOUT")
      ->type_name("V");
  app.add_option_function<std::string>(
         "--log",
         [&serve](const std::string& form) {
           serve.log = form == "json"   ? LogForm::json
                       : form == "none" ? LogForm::none
                                        : LogForm::text;
         },
         "A line on stderr for each request: text (unless said), json, none")
      ->check(CLI::IsMember(std::vector<std::string>{"text", "json", "none"}))
      ->envname("BISE_LOG")
      ->type_name("FORM");
  app.set_config("--config", "", "The same names in a TOML file; the command line goes before it");
  add_serve_network(app, serve);
  add_serve_work(app, serve);
  app.footer(
      "Every flag is also read from the environment: BISE_PORT, BISE_PUBLIC_URL, ...\n"
      "SIGTERM ends it when running answers are done, a second one at once. SIGHUP reads "
      "certificates again.\n"
      "Examples:\n"
      "  bise serve\n"
      "  bise serve starter --port 8000 --alias mistral-small-latest=starter\n"
      "  bise serve model.gguf --host 0.0.0.0 --tls-cert chain.pem --tls-key key.pem");
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
      "chosen, memory bandwidth and arithmetic measured, memory available, the data folder.");
  app.add_flag("--json", doctor.json, "The same as one JSON object");
  app.footer("BISE_CPU_ISA=reference, avx2 or avx512 forces a set of kernels.");
  app.add_flag("!--no-measure", doctor.measure, "Leave out what takes time");
}

CLI::App* add_verb(CLI::App& app, const std::string& name) {
  return app.add_subcommand(name)->group("Verbs");
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
  CLI::App *run_app_, *serve_app_, *show_app_, *bench_app_, *doctor_app_, *list_app_, *score_app_,
      *tokenize_app_;
};

Parser::Parser() {
  app_.set_version_flag("--version", std::string("bise ") + kVersion,
                        "The version, and nothing else");
  app_.require_subcommand(0, 1);
  app_.formatter(std::make_shared<HelpFormatter>());
  app_.footer(
      "Without a verb: a chat with the best model that is here.\n"
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
  try {
    app_.parse(argc, argv);
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
  if (show_app_->parsed()) return show_;
  if (bench_app_->parsed()) return bench_;
  if (doctor_app_->parsed()) return doctor_;
  if (list_app_->parsed()) return list_;
  if (score_app_->parsed()) return score_;
  if (tokenize_app_->parsed()) return tokenize_;
  if (serve_app_->parsed()) return serve_;
  return run_;
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
