// Random call events for tests: late dimensions, late starts, ratings after an hour, silence, turns out of order.
//
// Shape    a Stream owns the bytes its events view. The same seed gives the same stream.
// Threads  none: owned by one test.
#pragma once

#include <deque>
#include <random>
#include <string>
#include <vector>

#include "model/event.h"

namespace aybiza::testing {

struct Arrival {
  Event event;
  Instant received{};
};

class Stream {
 public:
  explicit Stream(unsigned seed) : random_(seed) {}

  struct Shape {
    Instant begin = from_micros(1'763'712'000'000'000);  // 2025-11-21T08:00:00Z
    std::size_t calls = 40, turns_max = 14, customers = 3, agents = 7;
    Duration spread = std::chrono::hours(2);
    bool ratings = true, late_dimensions = true, moved_starts = true;
  };
  std::vector<Arrival> calls(const Shape& shape);

  std::int64_t number(std::int64_t low, std::int64_t high) { return std::uniform_int_distribution(low, high)(random_); }
  bool chance(int percent) { return number(1, 100) <= percent; }

  // One event; fields in any order.
  Event make(EventType type, std::string_view call, Instant time, std::vector<std::pair<Field, std::string>> texts,
             std::vector<std::pair<Field, std::int64_t>> numbers, std::string_view customer);
  std::mt19937_64& random() { return random_; }

 private:
  std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }
  void one_call(const Shape& shape, std::size_t number, std::vector<Arrival>& out);

  std::mt19937_64 random_;
  std::deque<std::string> texts_;
  std::deque<std::vector<Value>> values_;
  std::uint64_t next_id_ = 1;
};

}  // namespace aybiza::testing
