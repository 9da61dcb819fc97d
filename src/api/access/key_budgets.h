#pragma once

#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "store/access_records.h"

namespace bise::api {

// How many requests a key has left this minute. Kept in memory: a restart forgives a minute.
class RequestRates {
 public:
  // Takes one of `per_minute`, which refill evenly and may be used at once. Returns 0, or after how
  // many seconds there is one again.
  int take(std::int64_t key_id, std::int64_t per_minute, store::TimeMs now);

 private:
  struct Bucket {
    double left;
    store::TimeMs at;
  };
  std::mutex mutex_;
  std::unordered_map<std::int64_t, Bucket> buckets_;  // one for each key that has a rate
};

inline std::int64_t day_of(store::TimeMs time) {
  return time / (24 * 3600 * 1000LL);
}
inline int seconds_to_next_day(store::TimeMs time) {
  return static_cast<int>(((day_of(time) + 1) * 24 * 3600 * 1000LL - time + 999) / 1000);
}

}  // namespace bise::api
