#include "runtime/budget.h"

#include <utility>

namespace aybiza {

Reservation::Reservation(Reservation&& other) noexcept
    : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)), page_(other.page_) {}

Reservation& Reservation::operator=(Reservation&& other) noexcept {
  if (this == &other) return *this;
  release();
  budget_ = std::exchange(other.budget_, nullptr);
  bytes_ = std::exchange(other.bytes_, 0);
  page_ = other.page_;
  return *this;
}

bool Reservation::grow(std::size_t bytes) {
  if (bytes == 0) return true;
  CHECK(budget_ != nullptr);  // an empty reservation came from nowhere: reserve(0) first
  if (!budget_->take(bytes, page_ ? Budget::Use::page : Budget::Use::ingest)) return false;
  bytes_ += bytes;
  return true;
}

void Reservation::shrink_to(std::size_t bytes) {
  if (bytes >= bytes_) return;
  budget_->give_back(bytes_ - bytes);
  bytes_ = bytes;
}

std::optional<Reservation> Budget::reserve(std::size_t bytes, Use use) {
  if (!take(bytes, use)) return std::nullopt;
  return Reservation(this, bytes, use == Use::page);
}

Budget::Level Budget::level() const {
  const std::size_t now = used();
  return now > hard_ ? Level::hard : now > soft_ ? Level::soft : Level::calm;
}

bool Budget::take(std::size_t bytes, Use use) {
  const std::size_t ceiling = use == Use::page ? limit_ : hard_;
  // Relaxed throughout: the counter guards no other memory, only its own sum has to be exact.
  std::size_t used = used_.load(std::memory_order_relaxed);
  do {
    if (bytes > ceiling || used > ceiling - bytes) {
      refused_.fetch_add(1, std::memory_order_relaxed);
      return false;
    }
  } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  std::size_t peak = peak_.load(std::memory_order_relaxed);
  while (peak < used + bytes && !peak_.compare_exchange_weak(peak, used + bytes, std::memory_order_relaxed)) {
  }
  return true;
}

void Budget::give_back(std::size_t bytes) {
  const std::size_t before = used_.fetch_sub(bytes, std::memory_order_relaxed);
  CHECK(before >= bytes);
}

}  // namespace aybiza
