#include "apps/serve/admin_flags.h"

#include "apps/flags.h"

namespace bise {

void add_keys(CLI::App& app, KeysOptions& keys) {
  app.description(
      "Keys for programs: list, make, revoke\n"
      "A new key is shown once and kept as a hash. The file \"key\" in the data folder holds the "
      "first one.");
  app.require_subcommand(0, 1);
  app.add_flag("--json", keys.json, "The same as one JSON object");
  CLI::App* add = app.add_subcommand("add", "Make a key and print it");
  add->callback([&keys] { keys.task = KeysOptions::Task::add; });
  add->add_option("NAME", keys.name, "What it is for")->required();
  add->add_option("--scopes", keys.scopes,
                  "What it may do: inference, chats, metrics, admin (inference)")
      ->delimiter(',')
      ->check(CLI::IsMember(std::vector<std::string>{"inference", "chats", "metrics", "admin"}))
      ->type_name("A,B");
  add->add_option("--lane", keys.lane,
                  "The most urgent lane it may have: completion (unless said), chat, agent, batch")
      ->check(CLI::IsMember(std::vector<std::string>{"completion", "chat", "agent", "batch"}))
      ->type_name("LANE");
  add_optional(*add, "--days", keys.days, "Days until it expires (never)")
      ->check(CLI::Range(1, 36500))
      ->type_name("N");
  add_optional(*add, "--requests-per-minute", keys.requests_per_minute, "More are refused (429)")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40))
      ->type_name("N");
  add_optional(*add, "--tokens-per-day", keys.tokens_per_day,
               "Prompt and answer together, by UTC day; more are refused (429)")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 60))
      ->type_name("N");
  CLI::App* revoke = app.add_subcommand("revoke", "From now on it is refused");
  revoke->callback([&keys] { keys.task = KeysOptions::Task::revoke; });
  revoke->add_option("ID", keys.name, "As the list shows it")->required();
  app.footer(
      "Examples:\n"
      "  bise keys\n"
      "  bise keys add editor --lane completion --requests-per-minute 120\n"
      "  bise keys revoke key_0123...");
}

void add_link(CLI::App& app, LinkOptions& link) {
  app.description(
      "A link that signs a browser in, once, within fifteen minutes\n"
      "For the server that runs on this data folder.");
  app.add_option("USER", link.user, "Whom it signs in (the owner)");
}

void add_backup(CLI::App& app, BackupOptions& backup) {
  app.description(
      "A copy of the store, also while the server runs\n"
      "Users, keys, chats and requests as of now, in one file. To go back: stop the server and put "
      "the file in the place of bise.db in the data folder.");
  app.add_option("FILE", backup.path, "A new file")->required();
}

void add_ps(CLI::App& app, PsOptions& ps) {
  app.description("What the running server does\nIts models, requests and rates.");
  app.add_flag("--json", ps.json, "The same as one JSON object");
}

}  // namespace bise
