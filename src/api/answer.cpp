#include "api/answer.h"

#include <cmath>

#include "base/check.h"
#include "base/utf8.h"

namespace bise::api {
namespace {

Json token_json(const TokenLogProb& entry, const Tokenizer& tokenizer) {
  const std::string_view bytes = tokenizer.bytes(entry.id);
  Json numbers = Json::array();
  for (const char byte : bytes) numbers.push(static_cast<int>(static_cast<unsigned char>(byte)));
  return Json::object({{"token", replace_invalid_utf8(bytes)},
                       {"logprob", finite_log_prob(entry.log_probability)},
                       {"bytes", std::move(numbers)},
                       {"token_id", entry.id}});
}

}  // namespace

void ChoiceAnswer::add(const AnswerPiece& piece) {
  using Kind = AnswerPiece::Kind;
  switch (piece.kind) {
    case Kind::call:
      blocks.push_back({Kind::call, piece.text, false, piece.call_id, {}});
      return;
    case Kind::arguments:
      CHECK(!blocks.empty() && blocks.back().kind == Kind::call);
      blocks.back().arguments += piece.text;
      return;
    case Kind::thinking_closed:
      if (blocks.empty() || blocks.back().kind != Kind::thinking) {
        blocks.push_back({Kind::thinking, {}, true, {}, {}});
      }
      blocks.back().closed = true;
      return;
    case Kind::text:
    case Kind::thinking:
      break;
  }
  const bool goes_on = !blocks.empty() && blocks.back().kind == piece.kind && !blocks.back().closed;
  if (!goes_on) blocks.push_back({piece.kind, {}, false, {}, {}});
  blocks.back().text += piece.text;
}

std::string ChoiceAnswer::text() const {
  std::string all;
  for (const AnswerBlock& block : blocks) {
    if (block.kind == AnswerPiece::Kind::text) all += block.text;
  }
  return all;
}

std::string ChoiceAnswer::thoughts() const {
  std::string all;
  for (const AnswerBlock& block : blocks) {
    if (block.kind == AnswerPiece::Kind::thinking) all += block.text;
  }
  return all;
}

int ChoiceAnswer::call_count() const {
  int count = 0;
  for (const AnswerBlock& block : blocks) count += block.kind == AnswerPiece::Kind::call ? 1 : 0;
  return count;
}

double finite_log_prob(double value) {
  return std::isfinite(value) ? value : -9999.0;
}

Json log_probs_json(const LogProbs& log_probs, const Tokenizer& tokenizer) {
  Json entry = token_json(log_probs.chosen, tokenizer);
  Json top = Json::array();
  for (const TokenLogProb& other : log_probs.top) top.push(token_json(other, tokenizer));
  entry.set("top_logprobs", std::move(top));
  return entry;
}

}  // namespace bise::api
