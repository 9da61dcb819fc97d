#include "api/access/attempts.h"

#include <algorithm>
#include <cmath>

namespace bise::api {

int Attempts::take(std::string_view name, store::TimeMs now) {
  const std::string key(name.substr(0, kNameBytesMax));
  const std::lock_guard lock(mutex_);
  if (!buckets_.contains(key)) make_room();
  Bucket& bucket = buckets_.try_emplace(key, Bucket{limit_.burst, now}).first->second;
  const double passed_ms = static_cast<double>(std::max<store::TimeMs>(0, now - bucket.at));
  bucket.left = std::min(limit_.burst, bucket.left + passed_ms * limit_.per_minute / 60'000);
  bucket.at = now;
  if (bucket.left >= 1) {
    bucket.left -= 1;
    return 0;
  }
  return std::max(1, static_cast<int>(std::ceil((1 - bucket.left) * 60 / limit_.per_minute)));
}

void Attempts::give_back(std::string_view name) {
  const std::lock_guard lock(mutex_);
  const auto found = buckets_.find(std::string(name.substr(0, kNameBytesMax)));
  if (found != buckets_.end()) {
    found->second.left = std::min(limit_.burst, found->second.left + 1);
  }
}

std::size_t Attempts::size() const {
  const std::lock_guard lock(mutex_);
  return buckets_.size();
}

void Attempts::make_room() {
  if (buckets_.size() < kNamesMax) return;
  buckets_.erase(std::min_element(
      buckets_.begin(), buckets_.end(),
      [](const auto& one, const auto& other) { return one.second.at < other.second.at; }));
}

}  // namespace bise::api
