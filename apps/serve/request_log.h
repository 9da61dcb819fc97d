#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "api/request_record.h"
#include "store/store.h"

namespace bise {

// Rows of ended requests on their way into the store, by a thread of its own: whoever notes one
// does not wait for the disk.
class RequestLog {
 public:
  // `complain` gets a sentence when the store does not take them; the rows are lost then.
  RequestLog(store::Store& store, std::function<void(const std::string&)> complain);
  ~RequestLog();  // writes what waits
  RequestLog(const RequestLog&) = delete;
  RequestLog& operator=(const RequestLog&) = delete;

  void add(const api::RequestRecord& record);

 private:
  void write_rows();

  store::Store& store_;
  std::function<void(const std::string&)> complain_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<store::RequestRow> waiting_;
  bool ending_ = false;
  std::thread writer_;
};

}  // namespace bise
