#pragma once

#include <atomic>

namespace bise {

// Ctrl-C as a flag, while this object lives.
class InterruptFlag {
 public:
  // What a second Ctrl-C does while the first still waits to be seen to.
  enum class Second { ends_process, nothing };
  explicit InterruptFlag(Second second);
  ~InterruptFlag();
  InterruptFlag(const InterruptFlag&) = delete;
  InterruptFlag& operator=(const InterruptFlag&) = delete;

  bool is_set() const { return flag().load(); }
  static std::atomic<bool>& flag();
};

}  // namespace bise
