#include <chrono>

#include "store/store.h"

namespace bise::store {

TimeMs system_time_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace bise::store
