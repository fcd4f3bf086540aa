// A few threads that work off a bounded queue: what may take long is kept off the network's threads.
//
// Errors   post() answers false when the queue is full or the pool stopped; the caller then says "not now".
// Threads  post from any thread; stop by the owner: queued work is still done, nothing new is taken.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/thread.h"

namespace aybiza {

class WorkerPool {
 public:
  WorkerPool(const std::string& name, unsigned threads, std::size_t capacity);
  ~WorkerPool() { stop(); }
  WorkerPool(const WorkerPool&) = delete;

  [[nodiscard]] bool post(std::move_only_function<void()> work);
  std::size_t depth() const;
  void stop();

 private:
  void serve();

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::move_only_function<void()>> queue_;
  bool stopped_ = false;
  std::vector<Thread> threads_;
};

}  // namespace aybiza
