#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "store/access_records.h"

namespace bise::api {

struct AttemptLimit {
  double burst;       // at once
  double per_minute;  // and then, evenly
};

// How often something may be tried, of each name or address that tries. In memory, of bounded size:
// where too many try, the one that was heard of longest ago is forgotten.
class Attempts {
 public:
  static constexpr std::size_t kNamesMax = 4096;
  static constexpr std::size_t kNameBytesMax = 128;  // longer ones share what they begin with

  explicit Attempts(AttemptLimit limit) : limit_(limit) {}

  // Returns 0, or after how many seconds there is one again.
  int take(std::string_view name, store::TimeMs now);
  // The last one taken does not count.
  void give_back(std::string_view name);
  std::size_t size() const;

 private:
  struct Bucket {
    double left;
    store::TimeMs at;
  };
  void make_room();

  const AttemptLimit limit_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Bucket> buckets_;
};

}  // namespace bise::api
