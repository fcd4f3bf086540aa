// A gate that counts work in flight and, once closed, lets nothing new in.
//
// Shape    enter() gives a Pass; the Pass leaves when it is destroyed. Shutdown is close(), then wait_empty().
// Errors   enter() answers nullopt when the gate is closed or full.
// Threads  any. A Pass may be destroyed on another thread than the one that entered. The state is shared with the
//          passes, so a Pass may outlive its Gate.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "base/units.h"

namespace aybiza {

class Gate {
  struct State {
    std::mutex mutex;
    std::condition_variable left;
    std::size_t inside = 0;
    bool closed = false;
  };

 public:
  class Pass {
   public:
    Pass(Pass&& other) noexcept : state_(std::move(other.state_)) {}
    Pass& operator=(Pass&& other) noexcept {
      std::swap(state_, other.state_);
      return *this;
    }
    ~Pass();

   private:
    friend class Gate;
    explicit Pass(std::shared_ptr<State> state) : state_(std::move(state)) {}
    std::shared_ptr<State> state_;
  };

  explicit Gate(std::size_t capacity = SIZE_MAX) : capacity_(capacity), state_(std::make_shared<State>()) {}

  std::optional<Pass> enter();
  void close();
  bool closed() const;
  std::size_t inside() const;
  // Waits until nobody is inside; false when `patience` passed first.
  bool wait_empty(Duration patience);

 private:
  const std::size_t capacity_;
  std::shared_ptr<State> state_;
};

}  // namespace aybiza
