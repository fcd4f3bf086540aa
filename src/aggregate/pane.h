// One pane of a ring: a list of contributions while these are few, a Tally while it is busy, its bytes once it is cold.
//
// Shape    the first contributions are only appended as bytes (append_entry), which costs a copy of 20 bytes instead of sketch
//          updates; beyond raw_max they become a Tally. cool() makes bytes of it, warm() brings it back. Whatever the form,
//          the content is the same: bytes() is canonical.
// Cost     24 bytes and the content; warm() of a cold pane parses it: about 1 us.
// Threads  none: owned by one series.
#pragma once

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "aggregate/tally.h"

namespace aybiza {

// Appends a contribution as bytes: what add_entries() adds.
void append_entry(std::string& entry, const TurnFacts& facts);
void append_entry(std::string& entry, const UsageFacts& facts);
void append_entry(std::string& entry, const CallFacts& facts, bool counts_cost);  // counts_cost: its reported cost counts as usage
// REQUIRES: made by append_entry. What is false is left out.
void add_entries(std::string_view entries, Tally& into, bool calls = true, bool turns = true, bool usage = true);

class Pane {
 public:
  static constexpr std::size_t raw_max = 448, raw_cold = 256;  // bytes of entries kept as such, while warm and for good

  bool hot() const { return hot_ != nullptr; }
  // Whether its owner has it on the list of those to be cooled.
  bool listed() const { return listed_; }
  void list() { listed_ = true; }
  void unlist() { listed_ = false; }
  bool wants_cooling() const { return hot_ || (raw_ && used_ > raw_cold); }
  bool empty() const { return !hot_ && used_ == 0; }

  // Appends `entry`, or tells the Tally itself by `direct`.
  template <typename Direct>
  void add(std::string_view entry, Direct&& direct) {
    if (!hot_ && (raw_ || used_ == 0) && used_ + entry.size() <= raw_max) return append(entry);
    direct(warm());
  }
  Tally& warm();
  void cool();
  void merge_into(Tally& into, bool calls = true, bool turns = true, bool usage = true) const;
  std::string bytes() const;  // of the Tally; empty when there is nothing
  void set_cold(std::string_view serialised);
  std::size_t heap_bytes() const { return hot_ ? sizeof(Tally) + hot_->heap_bytes() : capacity_; }

 private:
  std::string_view held() const { return {bytes_.get(), used_}; }
  void append(std::string_view entry);
  Tally thawed() const;

  std::unique_ptr<Tally> hot_;
  std::unique_ptr<char[]> bytes_;
  std::uint32_t used_ = 0;
  std::uint16_t capacity_ = 0;  // of raw entries
  bool raw_ = false, listed_ = false;
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
