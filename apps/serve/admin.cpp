#include <cstdio>

#include "api/access/access_control.h"
#include "api/access/issue_key.h"
#include "api/access/principal.h"
#include "apps/model_store.h"
#include "apps/serve/admin_options.h"
#include "apps/serve/server_note.h"
#include "apps/units.h"
#include "base/json.h"
#include "base/text.h"
#include "store/open_store.h"

namespace bise {
namespace {

using StorePtr = std::unique_ptr<store::Store>;

int report(const char* verb, const Result<void>& done) {
  if (done.ok()) return 0;
  std::fprintf(stderr, "bise %s: %s\n", verb, done.error().message.c_str());
  return 2;
}

Result<StorePtr> open_beside() {
  return store::open_store(data_folder().path, store::Opening::visitor);
}

Result<store::User> owner_of(store::Store& store) {
  const std::vector<store::User> users = TRY(store.users());
  if (!users.empty()) return users.front();
  return Error{ErrorCode::not_found, "there are no users yet: start `bise serve` once"};
}

// "2026-11-25"
std::string date_text(store::TimeMs time) {
  return utc_text(time / 1000).substr(0, 10);
}

std::string scopes_text(std::uint32_t bits) {
  std::string text;
  for (int i = 0; i < api::kScopeCount; ++i) {
    const auto scope = static_cast<api::Scope>(i);
    if (api::Scopes(bits).has(scope)) text += concat(text.empty() ? "" : ",", scope_name(scope));
  }
  return text;
}

Json key_json(const store::Key& key) {
  const auto optional = [](const std::optional<std::int64_t>& value) {
    return value ? Json(*value) : Json();
  };
  return Json::object({{"id", key.public_id},
                       {"name", key.name},
                       {"hint", key.hint},
                       {"scopes", scopes_text(key.scopes)},
                       {"lane", lane_name(static_cast<Lane>(key.lane % kLaneCount))},
                       {"created_ms", key.created_at},
                       {"expires_ms", optional(key.expires_at)},
                       {"last_used_ms", optional(key.last_used_at)},
                       {"requests_per_minute", optional(key.requests_per_minute)},
                       {"tokens_per_day", optional(key.tokens_per_day)},
                       {"tokens", key.tokens}});
}

Result<void> list_keys(store::Store& store, bool as_json) {
  const store::User owner = TRY(owner_of(store));
  const std::vector<store::Key> keys = TRY(store.keys(owner.id));
  if (as_json) {
    Json rows = Json::array();
    for (const store::Key& key : keys) rows.push(key_json(key));
    std::printf("%s\n", write_json(Json::object({{"keys", std::move(rows)}})).c_str());
    return {};
  }
  if (keys.empty()) std::printf("No keys. `bise keys add NAME` makes one.\n");
  for (const store::Key& key : keys) {
    std::printf("%s  %s...  %s  %s  made %s, %s, %s tokens\n", key.public_id.c_str(),
                key.hint.c_str(), quoted(key.name).c_str(), scopes_text(key.scopes).c_str(),
                date_text(key.created_at).c_str(),
                key.last_used_at ? concat("last used ", date_text(*key.last_used_at)).c_str()
                                 : "never used",
                count_text(key.tokens).c_str());
  }
  return {};
}

Result<void> make_key(store::Store& store, const KeysOptions& options) {
  const store::User owner = TRY(owner_of(store));
  api::Scopes scopes;
  for (const std::string& name : options.scopes) scopes = scopes.with(*api::find_scope(name));
  if (options.scopes.empty()) scopes = scopes.with(api::Scope::inference);
  store::NewKey key;
  key.user_id = owner.id;
  key.name = options.name;
  key.scopes = scopes.bits();
  key.lane = static_cast<int>(*find_lane(options.lane));
  if (options.days) {
    key.expires_at = store::system_time_ms() + *options.days * std::int64_t{24 * 3600 * 1000};
  }
  key.requests_per_minute = options.requests_per_minute;
  key.tokens_per_day = options.tokens_per_day;
  const api::IssuedKey issued = TRY(api::issue_key(store, std::move(key)));
  if (options.json) {
    Json json = key_json(issued.key);
    json.set("key", issued.secret);
    std::printf("%s\n", write_json(json).c_str());
  } else {
    std::printf("%s\n", issued.secret.c_str());
    std::fprintf(stderr, "bise: this is shown once; it is kept as a hash only\n");
  }
  return {};
}

Result<void> do_keys(const KeysOptions& options) {
  const StorePtr store = TRY(open_beside());
  switch (options.task) {
    case KeysOptions::Task::list:
      return list_keys(*store, options.json);
    case KeysOptions::Task::add:
      return make_key(*store, options);
    case KeysOptions::Task::revoke:
      break;
  }
  return store->revoke_key(TRY(owner_of(*store)).id, options.name);
}

Result<void> do_link(const LinkOptions& options) {
  const std::string folder = data_folder().path;
  const std::optional<ServerNote> note = read_server_note(folder);
  if (!note) {
    return Error{ErrorCode::not_found,
                 concat("no server runs on the data folder ", quoted(folder, 400),
                        "; `bise serve` starts one and prints a link")};
  }
  const StorePtr store = TRY(open_beside());
  store::User user = TRY(owner_of(*store));
  if (!options.user.empty() && options.user != user.name) {
    bool is_found = false;
    for (store::User& other : TRY(store->users())) {
      if (other.name != options.user) continue;
      user = std::move(other);
      is_found = true;
    }
    if (!is_found) {
      return Error{ErrorCode::not_found, concat("there is no user ", quoted(options.user))};
    }
  }
  api::AccessControl access(*store, {});
  std::printf("%s%s\n", note->address.c_str(),
              access.link_path(TRY(access.make_link(user.id))).c_str());
  return {};
}

Result<void> do_backup(const BackupOptions& options) {
  const StorePtr store = TRY(open_beside());
  TRY(store->backup(options.path));
  std::fprintf(stderr, "bise: the store as of now is in %s\n", options.path.c_str());
  return {};
}

}  // namespace

int run_keys(const KeysOptions& options) {
  return report("keys", do_keys(options));
}
int run_link(const LinkOptions& options) {
  return report("link", do_link(options));
}
int run_backup(const BackupOptions& options) {
  return report("backup", do_backup(options));
}

}  // namespace bise
