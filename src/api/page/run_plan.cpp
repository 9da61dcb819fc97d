#include "api/page/run_plan.h"

#include <algorithm>
#include <charconv>

#include "api/body.h"
#include "api/chat_plan.h"
#include "api/ids.h"
#include "api/page/wire.h"
#include "base/text.h"

namespace bise::api {
namespace {

constexpr std::size_t kQuestionBytesMax = 8u << 20;

struct Settings {
  SamplingOptions sampling = {};
  std::optional<std::uint64_t> seed = {};
  std::int64_t tokens_max = kAnswerTokensMax;
};

std::optional<std::uint64_t> read_seed(const Json& value) {
  std::string text;
  if (value.is_number())
    text = value.number().text;
  else if (value.is_string())
    text = value.as_string();
  std::uint64_t seed = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return seed;
}

void overlay(const Json& fields, Settings& settings) {
  SamplingOptions& sampling = settings.sampling;
  if (const auto value = number(fields, "temperature")) {
    sampling.temperature = static_cast<float>(*value);
  }
  if (const auto value = number(fields, "top_p")) sampling.top_p = static_cast<float>(*value);
  if (const auto value = number(fields, "min_p")) sampling.min_p = static_cast<float>(*value);
  if (const auto value = integer(fields, "top_k")) sampling.top_k = static_cast<int>(*value);
  if (const auto value = integer(fields, "max_tokens")) settings.tokens_max = *value;
  if (const Json* seed = member(fields, "seed")) settings.seed = read_seed(*seed);
}

const store::Message* find_message(const RunInputs& inputs, const std::string& id) {
  for (const store::Message& message : inputs.messages) {
    if (message.id == id) return &message;
  }
  return nullptr;
}

PageResult<const store::Message*> find_answer(const RunInputs& inputs) {
  const store::Message* found = find_message(inputs, text(inputs.body, "message"));
  if (found == nullptr) return Error{ErrorCode::not_found, "there is no such message"};
  if (found->role != store::Role::assistant) return bad_field("message", "is no answer");
  return found;
}

PageResult<ServedModelPtr> find_model(const RunInputs& inputs) {
  std::string name = text(inputs.body, "model");
  if (name.empty()) name = inputs.chat.model;
  if (name.empty()) {
    const std::vector<ServedModelPtr> models = inputs.catalog.list();
    if (models.empty()) return Error{ErrorCode::not_found, "there is no model"};
    return models.front();
  }
  return TRY(inputs.catalog.find(name));
}

// The tokens that a run of these kinds begins with.
PageResult<std::vector<LoggedToken>> tokens_before(const RunInputs& inputs, const RunPlan& plan,
                                                   const std::string& kind,
                                                   const std::string& message_id) {
  std::vector<LoggedToken> tokens = TRY(read_token_log(TRY(inputs.tokens_of(message_id))));
  if (kind == "take") {
    const auto index = integer(inputs.body, "index");
    const auto token = integer(inputs.body, "token");
    if (!index || *index < 0 || *index > static_cast<std::int64_t>(tokens.size())) {
      return bad_field("index", concat("is none of the answer's ", tokens.size(), " tokens"));
    }
    if (!token || *token < 0 || *token >= plan.model->tokenizer->vocab_size()) {
      return bad_field("token", "is no token of this model");
    }
    LoggedToken taken{.id = static_cast<TokenId>(*token)};
    if (*index < static_cast<std::int64_t>(tokens.size())) {
      taken.log_probs = tokens[static_cast<std::size_t>(*index)].log_probs;
    }
    tokens.resize(static_cast<std::size_t>(*index));
    if (taken.log_probs) {
      const auto& top = taken.log_probs->top;
      const auto known = std::find_if(top.begin(), top.end(),
                                      [&](const TokenLogProb& t) { return t.id == taken.id; });
      if (known == top.end())
        taken.log_probs.reset();
      else
        taken.log_probs->chosen = *known;
    }
    tokens.push_back(std::move(taken));
  }
  for (const LoggedToken& each : tokens) {
    if (each.id < 0 || each.id >= plan.model->tokenizer->vocab_size()) {
      return bad_field("message", "was written by a model with other tokens");
    }
  }
  return tokens;
}

// Which messages there will be. Returns the id of the last message that the model sees, or "".
PageResult<std::string> plan_messages(const RunInputs& inputs, RunPlan& plan) {
  const std::string kind = text(inputs.body, "kind");
  if (kind == "send") {
    const std::string parent = text(inputs.body, "parent");
    if (!parent.empty() && find_message(inputs, parent) == nullptr) {
      return Error{ErrorCode::not_found, "there is no such message"};
    }
    plan.question.emplace();
    plan.question->parent_id = parent;
    plan.question->content = text(inputs.body, "content");
    if (plan.question->content.empty()) return bad_field("content", "is empty");
    if (plan.question->content.size() > kQuestionBytesMax) {
      return bad_field("content", "is longer than 8 MB");
    }
    return parent;
  }
  if (kind != "regenerate" && kind != "continue" && kind != "take") {
    return bad_field("kind", "is none of send, regenerate, continue, take");
  }
  auto found = find_answer(inputs);
  if (!found.ok()) return found.error();
  const store::Message& answer = **found;
  plan.parent = answer.parent_id;
  if (kind == "regenerate") return answer.parent_id;
  if (answer.edited) return bad_field("message", "was written by a person and has no tokens");
  if (kind == "continue") {
    if (answer.status != store::MessageStatus::stopped) {
      return bad_field("message", "has come to its end");
    }
    plan.goes_on = answer.id;
  }
  auto before = tokens_before(inputs, plan, kind, answer.id);
  if (!before.ok()) return before.error();
  plan.before = std::move(*before);
  return answer.parent_id;
}

ChatMessage chat_message(ChatRole role, const std::string& text) {
  ChatMessage message;
  message.role = role;
  if (!text.empty()) message.content.emplace_back(TextChunk{text});
  return message;
}

}  // namespace

std::optional<PageError> check_sampling_fields(const Json& sampling) {
  if (sampling.is_null()) return {};
  if (!sampling.is_object()) return bad_field("sampling", "is no object");
  for (const auto& [name, value] : sampling.members()) {
    if (value.is_null()) continue;
    const std::string field = "sampling." + name;
    if (name == "seed") {
      if (!read_seed(value)) return bad_field(field, "is no whole number from 0");
    } else if (name == "max_tokens" || name == "top_k") {
      const auto whole = value.to_int64();
      if (!whole || *whole < 0 || *whole > 1 << 30) return bad_field(field, "is no count");
    } else if (name == "temperature" || name == "top_p" || name == "min_p") {
      if (!value.is_number()) return bad_field(field, "is no number");
    } else {
      return bad_field(field, "is not known");
    }
  }
  return {};
}

PageResult<ChatPrompt> lay_out_path(const ServedModel& model, const RunInputs& inputs,
                                    const std::string& last_id,
                                    const std::optional<std::string>& question) {
  ChatRequest chat;
  chat.model = model.id;
  const std::optional<std::string>& system =
      inputs.chat.system_prompt ? inputs.chat.system_prompt : inputs.default_system_prompt;
  if (system && !system->empty()) {
    chat.messages.push_back(chat_message(ChatRole::system, *system));
  }
  const auto add = [&](ChatRole role, const std::string& content) {
    // An answer that was stopped before its first word leaves two questions in a row, which not
    // every layout takes.
    if (!chat.messages.empty() && chat.messages.back().role == role) {
      auto& last = std::get<TextChunk>(chat.messages.back().content.front());
      last.text += "\n\n" + content;
      return;
    }
    chat.messages.push_back(chat_message(role, content));
  };
  for (const store::Message* message : path_to(inputs.messages, last_id)) {
    if (message->content.empty()) continue;
    add(message->role == store::Role::user ? ChatRole::user : ChatRole::assistant,
        message->content);
  }
  if (question) add(ChatRole::user, *question);
  auto prompt = lay_out_chat(model, chat);
  if (!prompt.ok()) return prompt.error();
  return std::move(*prompt);
}

PageResult<RunPlan> plan_run(const RunInputs& inputs) {
  RunPlan plan;
  auto model = find_model(inputs);
  if (!model.ok()) return model.error();
  plan.model = *model;
  auto last = plan_messages(inputs, plan);
  if (!last.ok()) return last.error();
  std::optional<std::string> question;
  if (plan.question) question = plan.question->content;
  auto prompt = lay_out_path(*plan.model, inputs, *last, question);
  if (!prompt.ok()) return prompt.error();
  plan.inside_thought = prompt->inside_thought;

  Settings settings{.sampling = plan.model->sampling};
  overlay(read_object(inputs.chat.sampling), settings);
  if (const Json* own = member(inputs.body, "sampling")) {
    if (auto error = check_sampling_fields(*own)) return *error;
    overlay(*own, settings);
  }
  GenerationRequest& generation = plan.generation;
  generation.model = plan.model->id;
  generation.prompt = std::move(prompt->ids);
  for (const LoggedToken& token : plan.before) generation.prompt.push_back(token.id);
  const auto needed = static_cast<std::int64_t>(generation.prompt.size());
  if (needed >= plan.model->context_tokens) {
    return PageError{{.status = 400,
                      .message = concat("This chat has ", needed, " tokens and the context holds ",
                                        plan.model->context_tokens,
                                        ", the answer included. Nothing was cut. Raise the "
                                        "context or leave out older turns."),
                      .code = "context_full"},
                     needed,
                     plan.model->context_tokens};
  }
  generation.sampling = settings.sampling;
  generation.sampling.seed = settings.seed.value_or(random_seed());
  const AnswerMarks& marks = plan.model->layout->answer_marks();
  // The page offers no tools.
  if (marks.tool_calls) generation.sampling.logit_bias.emplace_back(*marks.tool_calls, -100.0F);
  TRY_VOID(check(generation.sampling, plan.model->tokenizer->vocab_size()));
  generation.tokens_max = settings.tokens_max;
  generation.end_ids = plan.model->end_ids;
  generation.top_log_probs = kAlternatives;
  generation.lane = std::max(Lane::chat, inputs.principal.lane_floor);
  const auto user = static_cast<std::uint64_t>(inputs.principal.user_id);
  generation.prefix_scope = user;
  generation.key = user << 32 ^ static_cast<std::uint64_t>(inputs.principal.key_id);
  return plan;
}

}  // namespace bise::api
