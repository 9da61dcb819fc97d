#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "store/store.h"

namespace bise::api {

// The objects of docs/page-api.md.

// An answer that is being written.
struct RunView {
  std::string run_id;
  std::string state;  // "queued", "reading", "writing"
};

struct ChatView {
  std::string run_id = {};  // "": none
  bool temporary = false;
};

Json chat_json(const store::Chat& chat, const ChatView& view);
Json message_json(const store::Message& message, const std::optional<RunView>& run);
Json user_json(const store::User& user);
Json feedback_json(const store::Feedback& feedback);

// JSON that we wrote, from the store; an empty object if it is none.
Json read_object(const std::string& text);
// A number, or from 2^53 a string.
Json exact_number(std::uint64_t value);
Json text_or_null(const std::string& text);

// From a message to the beginning, in order; empty if it is none of them.
std::vector<const store::Message*> path_to(const std::vector<store::Message>& messages,
                                           const std::string& id);
// The end of the branch that goes on from there by the newest message.
std::string newest_below(const std::vector<store::Message>& messages, const std::string& id);

// At most 60 characters of a question, cut between words.
std::string title_of(const std::string& question);

}  // namespace bise::api
