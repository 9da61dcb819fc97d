#pragma once

#include <cstdint>
#include <string>

#include "engine/generation.h"

namespace bise::api {

// Whose words a client speaks; decides ids, finish words, where usage stands and errors.
enum class Family : std::uint8_t { openai, mistral, anthropic };

const char* family_name(Family family);  // "openai"

// One generation, or one that was refused after it was known who asks: what the store keeps of it.
// No text of anybody's.
struct RequestRecord {
  std::string request_id;     // http::Request::id
  std::string answer_id;      // as the client got it: "chatcmpl-..."; empty: refused
  std::int64_t began_ms = 0;  // since 1970
  std::int64_t user_id = 0;
  std::int64_t key_id = 0;
  std::string route;  // "/v1/chat/completions"
  Family family = Family::openai;
  std::string model;  // its id; empty: none was found
  Lane lane = Lane::chat;
  bool streams = false;
  int choices = 1;
  std::uint64_t seed = 0;

  int status = 200;  // as answered; of a stream that failed later 200
  // "stop", "length", "tool_calls", "cancelled", "error", "refused"; of several choices the last.
  std::string outcome;
  std::string error;           // a sentence, with outcome error or refused
  std::string without_effect;  // fields that were taken and changed nothing: "user,store"

  std::int64_t prompt_tokens = 0;
  std::int64_t cached_tokens = 0;
  std::int64_t generated_tokens = 0;
  double queue_s = 0;
  double prefill_s = 0;
  double decode_s = 0;
  double total_s = 0;
};

}  // namespace bise::api
