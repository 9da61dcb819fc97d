#include "api/access/key_budgets.h"

#include <algorithm>
#include <cmath>

namespace bise::api {

int RequestRates::take(std::int64_t key_id, std::int64_t per_minute, store::TimeMs now) {
  const double most = static_cast<double>(per_minute);
  const std::lock_guard lock(mutex_);
  Bucket& bucket = buckets_.try_emplace(key_id, Bucket{most, now}).first->second;
  const double passed_ms = static_cast<double>(std::max<store::TimeMs>(0, now - bucket.at));
  bucket.left = std::min(most, bucket.left + passed_ms * most / 60'000);
  bucket.at = now;
  if (bucket.left >= 1) {
    bucket.left -= 1;
    return 0;
  }
  if (per_minute <= 0) return 60;
  return std::max(1, static_cast<int>(std::ceil((1 - bucket.left) * 60 / most)));
}

}  // namespace bise::api
