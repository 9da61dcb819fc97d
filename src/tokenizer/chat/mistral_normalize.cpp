#include "tokenizer/chat/mistral_normalize.h"

#include <algorithm>
#include <map>
#include <span>

namespace bise {
namespace {

constexpr std::string_view kMessageJoin = "\n\n";

// Texts joined: with `chunk_join` inside a message, with an empty line between messages. Empty
// texts are passed over; other chunks stand between the texts around them.
std::vector<ContentChunk> join_content(std::span<const ChatMessage> messages,
                                       std::string_view chunk_join) {
  std::vector<ContentChunk> joined;
  std::string text;
  const auto flush = [&] {
    if (!text.empty()) joined.emplace_back(TextChunk{std::move(text)});
    text.clear();
  };
  for (const ChatMessage& message : messages) {
    bool after_other_message = !text.empty();
    for (const ContentChunk& chunk : message.content) {
      const auto* words = std::get_if<TextChunk>(&chunk);
      if (words == nullptr) {
        flush();
        joined.push_back(chunk);
        continue;
      }
      if (words->text.empty()) continue;
      if (!text.empty()) text += after_other_message ? kMessageJoin : chunk_join;
      text += words->text;
      after_other_message = false;
    }
  }
  flush();
  return joined;
}

std::string text_of(const std::vector<ContentChunk>& content) {
  std::string text;
  for (const ContentChunk& chunk : content) {
    if (const auto* words = std::get_if<TextChunk>(&chunk)) text += words->text;
  }
  return text;
}

std::string join_system_prompts(const MistralRules& rules,
                                const std::vector<ChatMessage>& messages) {
  std::string prompt;
  bool first = true;
  for (const ChatMessage& message : messages) {
    if (message.role != ChatRole::system || message.content.empty()) continue;
    if (!first) prompt += kMessageJoin;
    prompt += text_of(join_content({&message, 1}, rules.chunk_join));
    first = false;
  }
  return prompt;
}

class Normalizer {
 public:
  Normalizer(const MistralRules& rules, const std::vector<ChatMessage>& messages)
      : rules_(rules), messages_(messages) {}

  std::vector<MistralTurn> run() {
    std::size_t begin = 0;
    for (std::size_t i = 1; i <= messages_.size(); ++i) {
      const bool same = i < messages_.size() && messages_[i].role == messages_[begin].role &&
                        messages_[i].weight == messages_[begin].weight;
      if (same) continue;
      add_group(begin, i);
      begin = i;
    }
    const bool system_inside = rules_.system_place == MistralRules::SystemPlace::in_last_user_turn;
    if (turns_.empty() || (system_inside && turns_.front().message.role != ChatRole::user)) {
      turns_.insert(turns_.begin(), MistralTurn{});
    }
    return std::move(turns_);
  }

 private:
  // messages_[begin, end) are of one role and weight.
  void add_group(std::size_t begin, std::size_t end) {
    const std::span<const ChatMessage> group(messages_.data() + begin, end - begin);
    switch (group.front().role) {
      case ChatRole::system:
        if (rules_.system_place == MistralRules::SystemPlace::where_it_stands) {
          add_each(group, begin);
        }
        break;
      case ChatRole::user:
        add_merged(group, begin);
        break;
      case ChatRole::assistant:
        add_merged(group, begin);
        for (const ToolCall& call : turns_.back().message.tool_calls) {
          call_order_[call.id] = call_count_++;
        }
        break;
      case ChatRole::tool: {
        const std::size_t first = turns_.size();
        add_each(group, begin);
        if (rules_.results_in_call_order) sort_results(first);
        call_order_.clear();
        break;
      }
    }
  }

  void add_each(std::span<const ChatMessage> group, std::size_t begin) {
    for (std::size_t i = 0; i < group.size(); ++i) {
      MistralTurn turn{.message = group[i], .first_message = begin + i};
      turn.message.content = join_content(group.subspan(i, 1), rules_.chunk_join);
      turns_.push_back(std::move(turn));
    }
  }

  void add_merged(std::span<const ChatMessage> group, std::size_t begin) {
    MistralTurn turn{.message = {}, .first_message = begin};
    turn.message.role = group.front().role;
    turn.message.content = join_content(group, rules_.chunk_join);
    for (const ChatMessage& message : group) {
      turn.message.tool_calls.insert(turn.message.tool_calls.end(), message.tool_calls.begin(),
                                     message.tool_calls.end());
      turn.message.prefix |= message.prefix;
    }
    turns_.push_back(std::move(turn));
  }

  // Results of calls that are not known come last; equal ones keep their order.
  void sort_results(std::size_t first) {
    const auto place = [&](const MistralTurn& turn) {
      const auto found = call_order_.find(turn.message.tool_call_id.value_or(""));
      return found == call_order_.end() ? call_count_ : found->second;
    };
    std::stable_sort(
        turns_.begin() + static_cast<std::ptrdiff_t>(first), turns_.end(),
        [&](const MistralTurn& a, const MistralTurn& b) { return place(a) < place(b); });
  }

  const MistralRules& rules_;
  const std::vector<ChatMessage>& messages_;
  std::vector<MistralTurn> turns_;
  std::map<std::string, std::size_t> call_order_;  // of calls since the last results
  std::size_t call_count_ = 0;
};

}  // namespace

MistralConversation normalize_for_mistral(const MistralRules& rules,
                                          const std::vector<ChatMessage>& messages) {
  MistralConversation conversation;
  if (rules.system_place == MistralRules::SystemPlace::in_last_user_turn) {
    conversation.system_prompt = join_system_prompts(rules, messages);
  }
  conversation.turns = Normalizer(rules, messages).run();
  return conversation;
}

}  // namespace bise
