#pragma once

#include <functional>
#include <string>
#include <vector>

#include "api/request_record.h"
#include "apps/serve/writer_thread.h"
#include "store/store.h"

namespace bise {

// Rows of ended requests on their way into the store.
class RequestLog {
 public:
  // Rows older than `keep_days` (0: for ever) are removed, once a day at most. `complain` gets a
  // sentence when the store does not take rows, which are lost then, or does not remove them.
  RequestLog(store::Store& store, int keep_days, std::function<void(const std::string&)> complain);

  void add(const api::RequestRecord& record);

 private:
  void write(const std::vector<store::RequestRow>& rows);
  void remove_old();

  store::Store& store_;
  const int keep_days_;
  const std::function<void(const std::string&)> complain_;
  store::TimeMs next_removal_ = 0;  // of the writer's thread alone
  WriterThread<store::RequestRow> writer_;
};

}  // namespace bise
