#include "live/screen_latency.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace aybiza {
namespace {

constexpr std::size_t sent_most = 8;  // a browser has two under way; one that never answers costs no more than this

std::size_t bucket_of(Duration wait) {
  const double ms = double(wait.count()) / 1e3;
  std::size_t index = 0;
  while (index < screen_bounds && ms > screen_bound_ms(index)) ++index;
  return index;
}

}  // namespace

std::uint64_t ScreenWaits::count() const {
  std::uint64_t sum = 0;
  for (const std::uint64_t one : counts) sum += one;
  return sum;
}

std::optional<double> ScreenWaits::quantile_ms(double q) const {
  const std::uint64_t all = count();
  if (all == 0) return std::nullopt;
  const auto rank = std::max<std::uint64_t>(1, std::uint64_t(std::ceil(q * double(all))));
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < screen_bounds; ++i)
    if ((below += counts[i]) >= rank) return screen_bound_ms(i);
  return std::numeric_limits<double>::infinity();
}

ScreenWaits ScreenWaits::since(const ScreenWaits& earlier) const {
  ScreenWaits out = *this;
  for (std::size_t i = 0; i < counts.size(); ++i) out.counts[i] -= earlier.counts[i];
  out.sum_us -= earlier.sum_us;
  return out;
}

void ScreenWaits::add(Duration wait, std::uint64_t events) {
  wait = std::max(wait, Duration(0));  // clocks may step back
  counts[bucket_of(wait)] += events;
  sum_us += std::uint64_t(wait.count()) * events;
}

void ScreenLatency::took(std::uint64_t after, std::uint64_t to, Instant received) {
  const std::lock_guard lock(mutex_);
  if (receipts_.empty()) forgotten_ = after;
  if (!receipts_.empty() && receipts_.back().at == received) receipts_.back().to = to;
  else receipts_.push_back({to, received});
  if (receipts_.size() <= limits::screen_receipts) return;
  forgotten_ = receipts_.front().to;
  receipts_.pop_front();
}

void ScreenLatency::seen(Stage stage, std::uint64_t from, std::uint64_t to, Instant now) {
  const std::lock_guard lock(mutex_);
  ScreenWaits& waits = waits_[stage];
  if (receipts_.empty() || to <= from) return;
  if (from < forgotten_) {
    waits.counts.back() += std::min(to, forgotten_) - from;
    waits.sum_us += std::uint64_t(std::max(now - receipts_.front().at, Duration(0)).count()) * (std::min(to, forgotten_) - from);
    from = std::min(to, forgotten_);
  }
  auto at = std::ranges::upper_bound(receipts_, from, {}, &Receipt::to);
  for (; at != receipts_.end() && from < to; ++at) {
    const std::uint64_t until = std::min(at->to, to);
    waits.add(now - at->at, until - from);
    from = until;
  }
}

ScreenWaits ScreenLatency::waits(Stage stage) const {
  const std::lock_guard lock(mutex_);
  return waits_[stage];
}

void OnScreen::left(Instant now) {
  if (!rendered_) return;
  if (written_) latency_.seen(ScreenLatency::written, *written_, *rendered_, now);
  else drawn_ = rendered_;  // where following began: nobody waited for what came before
  written_ = std::max(written_.value_or(0), *rendered_);
  sent_.push_back({tick_, *rendered_});
  if (sent_.size() > sent_most) sent_.pop_front();
  rendered_.reset(), counted_.reset();
}

void OnScreen::drew(std::int64_t tick, Instant now) {
  while (!sent_.empty() && sent_.front().tick <= tick) {
    if (drawn_) latency_.seen(ScreenLatency::drawn, *drawn_, sent_.front().folded, now);
    drawn_ = std::max(drawn_.value_or(0), sent_.front().folded);
    sent_.pop_front();
  }
}

void OnScreen::stops() {
  counted_.reset(), rendered_.reset(), written_.reset(), drawn_.reset();
  sent_.clear();
}

}  // namespace aybiza
