// The process's memory budget: bytes are reserved before they are allocated and given back when they are freed.
//
// Shape    two marks. Above `soft` the level says so and admission may refuse the heaviest first; above `hard` every
//          reservation for ingest is refused. Pages may use what is left up to the limit, so that an operator can
//          still look at an overloaded server.
// Units    bytes, as asked for; what the allocator adds is not counted.
// Errors   reserve and grow refuse (nullopt, false) instead of waiting; every refusal is counted.
// Cost     one compare-exchange per reservation.
// Threads  any. REQUIRES: the Budget outlives its reservations.
// Source   reliability.md 3.2, points 12 and 13.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/check.h"

namespace aybiza {

class Budget;

// Bytes held until this is destroyed or released. Move-only: bytes are given back once.
class Reservation {
 public:
  Reservation() = default;
  Reservation(Reservation&& other) noexcept;
  Reservation& operator=(Reservation&& other) noexcept;
  ~Reservation() { release(); }

  [[nodiscard]] bool grow(std::size_t bytes);  // false: refused, and what was held stays held
  void shrink_to(std::size_t bytes);           // more than is held: nothing happens
  void release() { shrink_to(0); }
  std::size_t bytes() const { return bytes_; }

 private:
  friend class Budget;
  Reservation(Budget* budget, std::size_t bytes, bool page) : budget_(budget), bytes_(bytes), page_(page) {}

  Budget* budget_ = nullptr;
  std::size_t bytes_ = 0;
  bool page_ = false;
};

class Budget {
 public:
  enum class Level { calm, soft, hard };
  enum class Use { ingest, page };

  // REQUIRES: limit_bytes > 0.
  explicit Budget(std::size_t limit_bytes)
      : limit_(limit_bytes), soft_(limit_bytes / 10 * 8), hard_(limit_bytes / 10 * 9) {
    CHECK(limit_bytes > 0);
  }
  ~Budget() { CHECK(used_.load() == 0); }
  Budget(const Budget&) = delete;  // there is one; pass a reference
  Budget& operator=(const Budget&) = delete;

  std::optional<Reservation> reserve(std::size_t bytes, Use use = Use::ingest);

  Level level() const;
  std::size_t limit() const { return limit_; }
  std::size_t soft_mark() const { return soft_; }
  std::size_t hard_mark() const { return hard_; }
  std::size_t used() const { return used_.load(std::memory_order_relaxed); }
  std::size_t peak() const { return peak_.load(std::memory_order_relaxed); }
  std::uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }

 private:
  friend class Reservation;
  bool take(std::size_t bytes, Use use);
  void give_back(std::size_t bytes);

  const std::size_t limit_, soft_, hard_;
  std::atomic<std::size_t> used_{0}, peak_{0};
  std::atomic<std::uint64_t> refused_{0};
};

}  // namespace aybiza
