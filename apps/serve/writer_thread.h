#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace bise {

// Things on their way to where writing takes time: whoever adds one does not wait, a thread writes
// them, several at once where several have come.
template <class T>
class WriterThread {
 public:
  // What comes while `waiting_max` wait is lost.
  WriterThread(std::size_t waiting_max, std::function<void(const std::vector<T>&)> write)
      : waiting_max_(waiting_max), write_(std::move(write)), thread_([this] { run(); }) {}
  WriterThread(const WriterThread&) = delete;
  WriterThread& operator=(const WriterThread&) = delete;
  // Writes what waits.
  ~WriterThread() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }

  void add(T thing) {
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.size() >= waiting_max_) return;
      waiting_.push_back(std::move(thing));
    }
    changed_.notify_one();
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      const std::vector<T> things = std::exchange(waiting_, {});
      lock.unlock();
      write_(things);
      lock.lock();
    }
  }

  const std::size_t waiting_max_;
  const std::function<void(const std::vector<T>&)> write_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<T> waiting_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace bise
