#include "api/openai/chat_writer.h"

#include "base/text.h"
#include "http/sse.h"

namespace bise::api::openai {
namespace {

using Kind = AnswerPiece::Kind;

std::string call_id(const std::string& letters) {
  return "call_" + letters;
}

class ChatWriter final : public StreamWriter {
 public:
  ChatWriter(const AnswerHead& head, const StreamSettings& settings)
      : head_(head), settings_(settings) {
    begin_ = concat("data: {\"id\":\"", head.id, "\",\"object\":\"chat.completion.chunk\",",
                    "\"created\":", head.created, ",\"model\":");
    append_json_string(begin_, head.model);
    begin_ += ",\"system_fingerprint\":";
    append_json_string(begin_, head.fingerprint);
    end_ = settings.includes_usage ? ",\"usage\":null}\n\n" : "}\n\n";
  }

  void begin(const Usage&, std::string& out) override {
    for (int i = 0; i < settings_.choices; ++i) {
      chunk(i, R"({"role":"assistant","content":"","refusal":null})", "null", "null", out);
    }
  }

  void add(int choice, const std::vector<AnswerPiece>& pieces, const LogProbs* log_probs,
           std::string& out) override {
    std::string probabilities = "null";
    if (log_probs != nullptr) {
      const Json entry = log_probs_json(*log_probs, *head_.served->tokenizer);
      probabilities =
          concat("{\"content\":[", write_json(entry, {.spaces = false}), "],\"refusal\":null}");
    }
    bool told = false;
    for (const AnswerPiece& piece : pieces) {
      if (piece.kind == Kind::thinking_closed) continue;
      chunk(choice, delta(piece), told ? "null" : probabilities, "null", out);
      told = true;
    }
    // Held back by a stop string, or a control token: the counts must agree all the same.
    if (!told && log_probs != nullptr) {
      chunk(choice, R"({"content":""})", probabilities, "null", out);
    }
  }

  void end_choice(int choice, const ChoiceEnd& end, std::string& out) override {
    chunk(choice, "{}", "null", concat('"', finish_word(end), '"'), out);
  }

  void end(const Usage& usage, std::string& out) override {
    if (settings_.includes_usage) {
      out += begin_;
      out += concat(",\"seed\":", head_.seed,
                    ",\"choices\":[],\"usage\":", write_json(usage_json(usage), {.spaces = false}),
                    "}\n\n");
    }
    out += "data: [DONE]\n\n";
  }

  std::string failure(const ApiError& error) const override { return error_frame(error); }

 private:
  static std::string delta(const AnswerPiece& piece) {
    std::string out;
    switch (piece.kind) {
      case Kind::text:
        out = "{\"content\":";
        append_json_string(out, piece.text);
        return out + "}";
      case Kind::thinking:
      case Kind::thinking_closed:
        out = "{\"reasoning_content\":";
        append_json_string(out, piece.text);
        return out + "}";
      case Kind::call:
        out = concat("{\"tool_calls\":[{\"index\":", piece.call, ",\"id\":\"",
                     call_id(piece.call_id), "\",\"type\":\"function\",\"function\":{\"name\":");
        append_json_string(out, piece.text);
        return out + ",\"arguments\":\"\"}}]}";
      case Kind::arguments:
        break;
    }
    out = concat("{\"tool_calls\":[{\"index\":", piece.call, ",\"function\":{\"arguments\":");
    append_json_string(out, piece.text);
    return out + "}}]}";
  }

  void chunk(int choice, std::string_view delta_json, std::string_view log_probs,
             std::string_view finish, std::string& out) const {
    out += begin_;
    out += concat(",\"choices\":[{\"index\":", choice, ",\"delta\":", delta_json,
                  ",\"logprobs\":", log_probs, ",\"finish_reason\":", finish, "}]");
    out += end_;
  }

  const AnswerHead head_;
  const StreamSettings settings_;
  std::string begin_;  // of each chunk, up to its choices
  std::string end_;
};

Json message_json(const ChoiceAnswer& choice) {
  const int calls = choice.call_count();
  const std::string text = choice.text();
  Json message = Json::object({{"role", "assistant"},
                               {"content", text.empty() && calls > 0 ? Json() : Json(text)},
                               {"refusal", nullptr}});
  const std::string thoughts = choice.thoughts();
  if (!thoughts.empty()) message.set("reasoning_content", thoughts);
  // An empty list would be a call to some clients.
  if (calls == 0) return message;
  Json list = Json::array();
  for (const AnswerBlock& block : choice.blocks) {
    if (block.kind != Kind::call) continue;
    list.push(Json::object(
        {{"id", call_id(block.call_id)},
         {"type", "function"},
         {"function", Json::object({{"name", block.text}, {"arguments", block.arguments}})}}));
  }
  message.set("tool_calls", std::move(list));
  return message;
}

}  // namespace

std::string_view finish_word(const ChoiceEnd& end) {
  switch (end.ending) {
    case Ending::stop:
    case Ending::stop_string:
      return end.has_calls ? "tool_calls" : "stop";
    case Ending::length:
    case Ending::context_full:
    case Ending::failed:
      break;
  }
  return "length";
}

Json usage_json(const Usage& usage) {
  return Json::object(
      {{"prompt_tokens", usage.prompt_tokens},
       {"completion_tokens", usage.completion_tokens},
       {"total_tokens", usage.prompt_tokens + usage.completion_tokens},
       {"prompt_tokens_details", Json::object({{"cached_tokens", usage.cached_tokens}})},
       {"completion_tokens_details", Json::object({{"reasoning_tokens", usage.thinking_tokens}})}});
}

Json whole_answer(const AnswerHead& head, std::string_view kind, Json choices, const Usage& usage) {
  return Json::object({{"id", head.id},
                       {"object", kind},
                       {"created", head.created},
                       {"model", head.model},
                       {"choices", std::move(choices)},
                       {"usage", usage_json(usage)},
                       {"system_fingerprint", head.fingerprint},
                       {"seed", head.seed}});
}

std::string error_frame(const ApiError& error) {
  const Json inner = *error_json(error).find("error");
  return http::sse_event({.data = write_json(Json::object({{"error", inner}}), {.spaces = false})});
}

std::unique_ptr<StreamWriter> make_chat_writer(const AnswerHead& head,
                                               const StreamSettings& settings) {
  return std::make_unique<ChatWriter>(head, settings);
}

Json whole_chat(const AnswerHead& head, const std::vector<ChoiceAnswer>& choices,
                const Usage& usage) {
  Json list = Json::array();
  for (std::size_t i = 0; i < choices.size(); ++i) {
    Json log_probs;
    if (!choices[i].log_probs.empty()) {
      Json entries = Json::array();
      for (const LogProbs& entry : choices[i].log_probs) {
        entries.push(log_probs_json(entry, *head.served->tokenizer));
      }
      log_probs = Json::object({{"content", std::move(entries)}, {"refusal", nullptr}});
    }
    list.push(Json::object({{"index", static_cast<std::int64_t>(i)},
                            {"message", message_json(choices[i])},
                            {"logprobs", std::move(log_probs)},
                            {"finish_reason", finish_word(choices[i].end)}}));
  }
  return whole_answer(head, "chat.completion", std::move(list), usage);
}

}  // namespace bise::api::openai
