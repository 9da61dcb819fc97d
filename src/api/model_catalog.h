#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sampling/sampling_options.h"
#include "tokenizer/chat/chat_layout.h"
#include "tokenizer/tokenizer.h"

namespace bise::api {

// A model as clients see it: what turns their words into its tokens and back. The engine has a
// model of the same id. Immutable once it is in a catalog.
struct ServedModel {
  std::string id;
  std::vector<std::string> aliases;
  std::int64_t created = 0;  // seconds since 1970
  std::string description;
  std::int64_t context_tokens = 0;

  std::shared_ptr<const Tokenizer> tokenizer;
  std::shared_ptr<const ChatLayout> layout;  // null: it completes texts and does not chat
  bool add_bos = true;                       // a text prompt begins with BOS
  std::vector<TokenId> end_ids;
  SamplingOptions sampling;  // where a request says nothing; the seed plays no part
  // What prompt_mode "reasoning" puts first where a request has no system message.
  std::optional<ChatMessage> reasoning_system;

  bool has_thinking = false;
  bool has_reasoning_effort = false;  // its layout has a place for the setting
  bool has_tools = false;
  bool has_fim = false;
};

// Fills in what follows from tokenizer and layout: end_ids and the has_ fields.
void find_abilities(ServedModel& model);

using ServedModelPtr = std::shared_ptr<const ServedModel>;

// The models that are served, in the order they are listed. May be used from any thread.
class ModelCatalog {
 public:
  // Errors: invalid_argument where an id or alias is taken.
  Result<void> add(ServedModel model);
  // `alias` also finds the model `id`. Errors: not_found, invalid_argument where it is taken.
  Result<void> add_alias(const std::string& alias, std::string_view id);
  // Errors: not_found.
  Result<void> remove(std::string_view id);

  // By id or alias. Empty: the only model there is. Errors: not_found, naming the known ones;
  // invalid_argument for an empty name where there is not exactly one model.
  Result<ServedModelPtr> find(std::string_view name) const;
  std::vector<ServedModelPtr> list() const;

 private:
  ServedModelPtr find_locked(std::string_view name) const;
  std::string names_locked() const;

  mutable std::mutex mutex_;
  std::vector<ServedModelPtr> models_;
};

}  // namespace bise::api
