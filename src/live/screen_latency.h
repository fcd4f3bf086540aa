// How long events wait until people see them: from their receipt until a page that counts them was written to its socket,
// and until its browser said that it had drawn it.
//
// Shape    the log's reader says what was received when (took); each page that follows live figures says up to which offset of
//          the log it counts (OnScreen), and every event it had not counted before is one wait. A page that is paused, hidden,
//          rewound or of another range follows nothing: what it comes to show later was nobody's wait.
// Units    milliseconds in bounds and answers, microseconds in sums. Each event counts once for each page that shows it.
// Errors   a wait is in the bucket of the smallest bound not below it: quantile() answers that bound, at most 28 % above the exact
//          one. Events that the memory of receipts (limits::screen_receipts) has lost are in the last bucket.
// Threads  ScreenLatency: any. OnScreen: one thread, the pages'.
// Source   decisions.md 35; interface.md "System".
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

#include "base/units.h"

namespace aybiza {

namespace limits {
inline constexpr std::size_t screen_receipts = 65'536;             // commits of the log whose time of receipt is remembered until pages show them
inline constexpr auto screen_lately = std::chrono::minutes(1);     // what the System page's time to the screen is of
}  // namespace limits

// Steps of a tenth of a decade (the preferred numbers R10), from 1 ms to 63 s.
inline constexpr std::array<double, 10> screen_steps{1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8};
inline constexpr std::size_t screen_bounds = 49;
constexpr double screen_bound_ms(std::size_t index) {
  double decade = 1;
  for (std::size_t i = 0; i < index / screen_steps.size(); ++i) decade *= 10;
  return screen_steps[index % screen_steps.size()] * decade;
}

struct ScreenWaits {
  std::array<std::uint64_t, screen_bounds + 1> counts{};  // of waits up to each bound and above the one before; the last: above all
  std::uint64_t sum_us = 0;

  std::uint64_t count() const;
  std::optional<double> quantile_ms(double q) const;  // nothing was seen: nullopt; in the last bucket: infinity
  ScreenWaits since(const ScreenWaits& earlier) const;
  void add(Duration wait, std::uint64_t events);
};

class ScreenLatency {
 public:
  enum Stage : std::uint8_t { written, drawn, stages };

  // Events at offsets in (after, to] had been received; in the order of the log.
  void took(std::uint64_t after, std::uint64_t to, Instant received);
  // A page that counted everything up to `from` counts everything up to `to` now.
  void seen(Stage stage, std::uint64_t from, std::uint64_t to, Instant now);
  ScreenWaits waits(Stage stage) const;

 private:
  struct Receipt {
    std::uint64_t to = 0;
    Instant at{};
  };
  mutable std::mutex mutex_;  // guards what follows
  std::deque<Receipt> receipts_;
  std::uint64_t forgotten_ = 0;  // nothing is known of offsets up to this one
  std::array<ScreenWaits, stages> waits_{};
};

// What one page counts, has sent and has drawn.
class OnScreen {
 public:
  explicit OnScreen(ScreenLatency& latency) : latency_(latency) {}
  void counts(std::uint64_t folded) { counted_ = folded; }  // the next message of the page has every event up to here in its figures
  void numbered(std::int64_t tick) { tick_ = tick; }        // and this number, which the browser gives back when it has drawn it
  void rendered() { rendered_ = counted_; }
  void left(Instant now);                                   // what was rendered was written to the socket
  void drew(std::int64_t tick, Instant now);
  void stops();                                             // the page does not follow any more; counts() begins anew

 private:
  struct Sent {
    std::int64_t tick = 0;
    std::uint64_t folded = 0;
  };
  ScreenLatency& latency_;
  std::optional<std::uint64_t> counted_, rendered_, written_, drawn_;
  std::int64_t tick_ = 0;
  std::deque<Sent> sent_;  // not yet drawn
};

}  // namespace aybiza
