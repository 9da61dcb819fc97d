#include "apps/serve/request_log.h"

#include <gtest/gtest.h>

#include "store/open_store.h"

namespace bise {
namespace {

constexpr store::TimeMs kDayMs = 86'400'000;

// What stays of two old rows and one that is logged now, by their ids, newest first.
std::vector<std::string> kept(int keep_days) {
  const auto store = store::memory_store();
  const store::TimeMs now = store::system_time_ms();
  store::RequestRow rows[2];
  rows[0].id = "old";
  rows[0].began_at = now - 31 * kDayMs;
  rows[1].id = "younger";
  rows[1].began_at = now - 29 * kDayMs;
  EXPECT_TRUE(store->add_requests(rows).ok());
  {
    RequestLog log(*store, keep_days, [](const std::string& words) { ADD_FAILURE() << words; });
    api::RequestRecord record;
    record.request_id = "new";
    record.began_ms = now;
    log.add(record);
  }
  std::vector<std::string> ids;
  const std::vector<store::RequestRow> left = store->requests(std::nullopt, 10).value();
  for (const store::RequestRow& row : left) ids.push_back(row.id);
  return ids;
}

TEST(RequestLog, RemovesWhatIsOlderThanItsDays) {
  EXPECT_EQ(kept(30), (std::vector<std::string>{"new", "younger"}));
}

TEST(RequestLog, KeepsAllWithoutDays) {
  EXPECT_EQ(kept(0), (std::vector<std::string>{"new", "younger", "old"}));
}

}  // namespace
}  // namespace bise
