#include "runtime/worker_pool.h"

namespace aybiza {

WorkerPool::WorkerPool(const std::string& name, unsigned threads, std::size_t capacity) : capacity_(capacity) {
  for (unsigned i = 0; i < threads; ++i)
    threads_.emplace_back(name + "-" + std::to_string(i), [this](std::stop_token) { serve(); });
}

bool WorkerPool::post(std::move_only_function<void()> work) {
  {
    std::lock_guard lock(mutex_);
    if (stopped_ || queue_.size() >= capacity_) return false;
    queue_.push_back(std::move(work));
  }
  changed_.notify_one();
  return true;
}

std::size_t WorkerPool::depth() const {
  std::lock_guard lock(mutex_);
  return queue_.size();
}

void WorkerPool::stop() {
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  for (Thread& thread : threads_)
    if (thread.joinable()) thread.join();
}

void WorkerPool::serve() {
  for (;;) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopped_ || !queue_.empty(); });
    if (queue_.empty()) return;
    auto work = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    work();
  }
}

}  // namespace aybiza
