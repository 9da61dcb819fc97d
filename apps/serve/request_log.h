#pragma once

#include <functional>
#include <string>

#include "api/request_record.h"
#include "apps/serve/writer_thread.h"
#include "store/store.h"

namespace bise {

// Rows of ended requests on their way into the store.
class RequestLog {
 public:
  // `complain` gets a sentence when the store does not take them; the rows are lost then.
  RequestLog(store::Store& store, std::function<void(const std::string&)> complain);

  void add(const api::RequestRecord& record);

 private:
  WriterThread<store::RequestRow> writer_;
};

}  // namespace bise
