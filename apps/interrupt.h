#pragma once

#include <atomic>

namespace bise {

// Ctrl-C as a flag, while this object lives. A second Ctrl-C before the first was seen to ends the
// process at once, unless it is taken back with clear().
class InterruptFlag {
 public:
  InterruptFlag();
  ~InterruptFlag();
  InterruptFlag(const InterruptFlag&) = delete;
  InterruptFlag& operator=(const InterruptFlag&) = delete;

  bool is_set() const { return flag().load(); }
  void clear() { flag().store(false); }
  static std::atomic<bool>& flag();
};

}  // namespace bise
