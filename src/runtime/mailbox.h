// A bounded mailbox: how threads speak. Many posters, one drainer; full is an answer, not a wait.
//
// Shape    messages queue under a lock held for a push or a swap; the drainer takes all of them at once, so one lock
//          serves a batch. A waiting drainer sleeps on a condition: an idle mailbox costs nothing.
// Units    capacity and depth count messages that wait; the batch in the drainer's hands is not counted any more.
// Errors   post() answers false when full or closed, and the message stays with the caller.
// Threads  post, close, depth, shed from any thread; drain from exactly one.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/units.h"

namespace aybiza {

template <typename Message>
class Mailbox {
 public:
  explicit Mailbox(std::size_t capacity) : capacity_(capacity) { CHECK(capacity > 0); }
  Mailbox(const Mailbox&) = delete;  // share a reference: the posters and the drainer mean the same one
  Mailbox& operator=(const Mailbox&) = delete;

  [[nodiscard]] bool post(Message&& message) {
    bool wake = false;
    {
      std::lock_guard lock(mutex_);
      if (closed_ || waiting_.size() >= capacity_) {
        ++shed_;
        return false;
      }
      waiting_.push_back(std::move(message));
      wake = drainer_sleeps_;
    }
    if (wake) arrived_.notify_one();
    return true;
  }

  // Hands every waiting message to handle(Message&&), oldest first, without the lock. Answers how many; 0 = none waits.
  template <typename Handle>
  std::size_t drain(Handle&& handle) {
    {
      std::lock_guard lock(mutex_);
      waiting_.swap(in_hand_);
    }
    return hand_out(handle);
  }

  // As drain(), but sleeps until a message comes, the mailbox closes, wake() is called or `patience` passes.
  template <typename Handle>
  std::size_t drain_wait(Duration patience, Handle&& handle) {
    {
      std::unique_lock lock(mutex_);
      drainer_sleeps_ = true;
      arrived_.wait_for(lock, patience, [&] { return !waiting_.empty() || closed_ || woken_; });
      drainer_sleeps_ = woken_ = false;
      waiting_.swap(in_hand_);
    }
    return hand_out(handle);
  }

  // Ends a drain_wait() although nothing was posted.
  void wake() {
    {
      std::lock_guard lock(mutex_);
      woken_ = true;
    }
    arrived_.notify_one();
  }

  // No post succeeds afterwards; what waits can still be drained.
  void close() {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    arrived_.notify_one();
  }

  bool closed() const { return locked([&] { return closed_; }); }
  // Closed and drained: the drainer may leave.
  bool finished() const { return locked([&] { return closed_ && waiting_.empty(); }); }
  std::size_t depth() const { return locked([&] { return waiting_.size(); }); }
  std::size_t capacity() const { return capacity_; }
  std::uint64_t shed() const { return locked([&] { return shed_; }); }

 private:
  template <typename Read>
  auto locked(Read&& read) const {
    std::lock_guard lock(mutex_);
    return read();
  }

  template <typename Handle>
  std::size_t hand_out(Handle& handle) {
    const std::size_t count = in_hand_.size();
    for (Message& message : in_hand_) handle(std::move(message));
    in_hand_.clear();
    return count;
  }

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Message> waiting_;
  bool drainer_sleeps_ = false, woken_ = false, closed_ = false;
  std::uint64_t shed_ = 0;
  std::vector<Message> in_hand_;  // the drainer's alone; keeps its memory from batch to batch
};

}  // namespace aybiza
