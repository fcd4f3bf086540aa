// One pane of a ring: a Tally while it is being written, its bytes once it is cold.
//
// Shape    a cold pane takes 24 bytes and its serialised tally, typically 60 to 600; warm() brings it back.
// Cost     warm() of a cold pane parses it: about 1 us.
// Threads  none: owned by one series.
#pragma once

#include <algorithm>
#include <cstring>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "aggregate/tally.h"
#include "base/check.h"

namespace aybiza {

class Pane {
 public:
  bool hot() const { return hot_ != nullptr; }
  bool empty() const { return !hot_ && cold_bytes_ == 0; }

  Tally& warm() {
    if (!hot_) hot_ = std::make_unique<Tally>(cold_bytes_ == 0 ? Tally{} : thawed());
    cold_.reset();
    cold_bytes_ = 0;
    return *hot_;
  }
  void cool() {
    if (!hot_) return;
    if (!hot_->empty()) set_cold(serialise(*hot_));
    hot_.reset();
  }
  void merge_into(Tally& into, bool calls = true, bool turns = true, bool usage = true) const {
    if (hot_) into.merge(*hot_, calls, turns, usage);
    else if (cold_bytes_ > 0) into.merge(thawed(), calls, turns, usage);
  }
  std::string bytes() const { return hot_ ? (hot_->empty() ? std::string() : serialise(*hot_)) : std::string(cold()); }
  void set_cold(std::string_view from) {
    hot_.reset();
    cold_bytes_ = std::uint32_t(from.size());
    cold_.reset(from.empty() ? nullptr : new char[from.size()]);
    if (!from.empty()) std::memcpy(cold_.get(), from.data(), from.size());
  }
  std::size_t heap_bytes() const { return hot_ ? sizeof(Tally) + hot_->heap_bytes() : cold_bytes_; }

 private:
  std::string_view cold() const { return {cold_.get(), cold_bytes_}; }
  Tally thawed() const {
    auto tally = parse_tally(cold());
    CHECK(tally.has_value());  // our own bytes; those of a snapshot were parsed when it was restored
    return std::move(*tally);
  }

  std::unique_ptr<Tally> hot_;
  std::unique_ptr<char[]> cold_;
  std::uint32_t cold_bytes_ = 0;
};

// Consecutive panes of one length, by the number of their bucket since the epoch.
class Ring {
 public:
  Ring() = default;
  Ring(Ring&&) noexcept = default;
  Ring& operator=(Ring&&) noexcept = default;

  Pane& at(std::int64_t index) {
    if (panes_.size() == dropped_) {
      clear();
      first_ = index;
    }
    if (index < first_) {  // late data before anything there is
      const auto missing = std::size_t(first_ - index), reuse = std::min(missing, dropped_);
      dropped_ -= reuse;
      if (missing > reuse) {
        std::vector<Pane> wider(missing - reuse);
        std::move(panes_.begin(), panes_.end(), std::back_inserter(wider));
        panes_ = std::move(wider);
      }
      first_ = index;
    }
    const std::size_t place = std::size_t(index - first_) + dropped_;
    if (place >= panes_.size()) panes_.resize(place + 1);
    return panes_[place];
  }
  const Pane* find(std::int64_t index) const {
    if (index < first_ || index >= end()) return nullptr;
    return &panes_[std::size_t(index - first_) + dropped_];
  }
  Pane* find(std::int64_t index) { return const_cast<Pane*>(std::as_const(*this).find(index)); }
  bool empty() const { return panes_.size() == dropped_; }
  std::int64_t first() const { return first_; }
  std::int64_t end() const { return first_ + std::int64_t(panes_.size() - dropped_); }

  // Takes away the panes below `index`, handing over those that hold something.
  template <typename Take>
  void drop_below(std::int64_t index, Take&& take) {
    while (!empty() && first_ < index) {
      Pane& pane = panes_[dropped_];
      if (!pane.empty()) take(first_, pane);
      pane = Pane{};
      ++dropped_, ++first_;
    }
    if (empty()) clear();
    else if (dropped_ > 64 && dropped_ * 2 > panes_.size()) {
      panes_.erase(panes_.begin(), panes_.begin() + std::ptrdiff_t(dropped_));
      panes_.shrink_to_fit();
      dropped_ = 0;
    }
  }
  // Every pane in [from, to) that holds something.
  template <typename Visit>
  void each(std::int64_t from, std::int64_t to, Visit&& visit) const {
    for (std::int64_t i = std::max(from, first_); i < std::min(to, end()); ++i)
      if (const Pane& pane = panes_[std::size_t(i - first_) + dropped_]; !pane.empty()) visit(i, pane);
  }
  std::size_t heap_bytes() const {
    std::size_t bytes = panes_.capacity() * sizeof(Pane);
    for (const Pane& pane : panes_) bytes += pane.heap_bytes();
    return bytes;
  }
  std::size_t count() const {
    std::size_t held = 0;
    for (const Pane& pane : panes_) held += pane.empty() ? 0 : 1;
    return held;
  }

 private:
  void clear() {
    panes_ = std::vector<Pane>();
    dropped_ = 0;
  }
  std::vector<Pane> panes_;
  std::size_t dropped_ = 0;  // at the front, empty, waiting to be erased together
  std::int64_t first_ = 0;
};

}  // namespace aybiza
