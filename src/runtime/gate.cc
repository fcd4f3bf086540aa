#include "runtime/gate.h"

#include "base/check.h"

namespace aybiza {

Gate::Pass::~Pass() {
  if (!state_) return;
  std::lock_guard lock(state_->mutex);
  CHECK(state_->inside > 0);
  // Notified under the lock: the waiter may destroy the gate as soon as it sees zero, and state_ keeps the rest alive.
  if (--state_->inside == 0) state_->left.notify_all();
}

std::optional<Gate::Pass> Gate::enter() {
  std::lock_guard lock(state_->mutex);
  if (state_->closed || state_->inside >= capacity_) return std::nullopt;
  ++state_->inside;
  return Pass(state_);
}

void Gate::close() {
  std::lock_guard lock(state_->mutex);
  state_->closed = true;
}

bool Gate::closed() const {
  std::lock_guard lock(state_->mutex);
  return state_->closed;
}

std::size_t Gate::inside() const {
  std::lock_guard lock(state_->mutex);
  return state_->inside;
}

bool Gate::wait_empty(Duration patience) {
  std::unique_lock lock(state_->mutex);
  return state_->left.wait_for(lock, patience, [&] { return state_->inside == 0; });
}

}  // namespace aybiza
