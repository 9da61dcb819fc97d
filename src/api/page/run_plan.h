#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "api/access/principal.h"
#include "api/model_catalog.h"
#include "api/page/page_result.h"
#include "api/page/token_log.h"
#include "base/json.h"
#include "engine/generation.h"
#include "store/store.h"

namespace bise::api {

// What is known when a run is asked for.
struct RunInputs {
  const store::Chat& chat;
  const std::vector<store::Message>& messages;  // of the chat
  const Json& body;
  const ModelCatalog& catalog;
  const Principal& principal;
  std::optional<std::string> default_system_prompt;
  std::function<Result<std::string>(const std::string& message_id)> tokens_of;
};

// What will be written to the store and asked of the engine.
struct RunPlan {
  ServedModelPtr model = nullptr;
  std::optional<store::MessageFields> question = {};  // new, and what is answered
  std::string parent = {};                            // of the new answer, if there is no question
  std::string goes_on = {};                           // this answer, rather than a new one
  std::vector<LoggedToken> before = {};               // what the answer begins with
  bool inside_thought = false;
  GenerationRequest generation = {};
};

// Nothing is written yet: an error leaves everything as it was.
PageResult<RunPlan> plan_run(const RunInputs& inputs);

// A conversation as the model gets it: of an answer's tokens, those of the path to its parent.
PageResult<ChatPrompt> lay_out_path(const ServedModel& model, const RunInputs& inputs,
                                    const std::string& last_id,
                                    const std::optional<std::string>& question);

// {"temperature", "top_p", "top_k", "min_p", "seed", "max_tokens"}, all optional or null. Whether
// the values are possible is checked where they are known for a model.
std::optional<PageError> check_sampling_fields(const Json& sampling);

inline constexpr std::int64_t kAnswerTokensMax = 2048;  // unless set otherwise
inline constexpr int kAlternatives = 5;

}  // namespace bise::api
