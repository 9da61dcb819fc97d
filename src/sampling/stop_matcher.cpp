#include "sampling/stop_matcher.h"

#include <algorithm>

namespace bise {
namespace {

std::int32_t advance(const std::string& text, const std::vector<std::int32_t>& fallbacks,
                     std::int32_t matched, char next) {
  while (matched > 0 && text[matched] != next) matched = fallbacks[matched];
  return text[matched] == next ? matched + 1 : 0;
}

}  // namespace

StopMatcher::StopMatcher(const std::vector<std::string>& sequences) {
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    const std::string& text = sequences[i];
    if (text.empty()) continue;
    std::vector<std::int32_t> fallbacks(text.size() + 1, 0);
    for (std::size_t length = 1; length < text.size(); ++length) {
      fallbacks[length + 1] = advance(text, fallbacks, fallbacks[length], text[length]);
    }
    sequences_.push_back({static_cast<int>(i), text, std::move(fallbacks)});
  }
}

std::string StopMatcher::push(std::string_view text) {
  if (stopped()) return {};
  if (sequences_.empty()) return std::string(text);
  for (const char next : text) {
    held_.push_back(next);
    const Sequence* found = nullptr;
    for (Sequence& sequence : sequences_) {
      sequence.matched = advance(sequence.text, sequence.fallbacks, sequence.matched, next);
      if (sequence.matched < static_cast<std::int32_t>(sequence.text.size())) continue;
      if (found == nullptr || sequence.text.size() > found->text.size()) found = &sequence;
    }
    if (found != nullptr) {
      stopped_by_ = found->index;
      std::string before = held_.substr(0, held_.size() - found->text.size());
      held_.clear();
      return before;
    }
  }
  std::int32_t keep = 0;
  for (const Sequence& sequence : sequences_) keep = std::max(keep, sequence.matched);
  std::string certain = held_.substr(0, held_.size() - keep);
  held_.erase(0, certain.size());
  return certain;
}

std::string StopMatcher::flush() {
  std::string rest = std::move(held_);
  held_.clear();
  for (Sequence& sequence : sequences_) sequence.matched = 0;
  return rest;
}

}  // namespace bise
