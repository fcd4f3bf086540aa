// One pane of a ring: a list of contributions while these are few, a Tally while it is busy, its bytes once it is cold.
//
// Shape    the first contributions are only appended as bytes (append_entry), which costs a copy of 20 bytes instead of sketch
//          updates; beyond raw_max they become a Tally. cool() makes bytes of it, warm() brings it back. Whatever the form,
//          the content is the same: append_packed() is canonical.
// Cost     16 bytes and the content; warm() of a cold pane unpacks it: about 1 us.
// Threads  none: owned by one series.
#pragma once

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "aggregate/tally.h"

namespace aybiza {

// Appends a contribution as bytes: what add_entries() adds. REQUIRES: of a call that stands for itself alone.
void append_entry(std::string& entry, const TurnFacts& facts);
void append_entry(std::string& entry, const UsageFacts& facts);
void append_entry(std::string& entry, const CallFacts& facts, bool counts_cost);  // counts_cost: its reported cost counts as usage
// REQUIRES: made by append_entry.
void add_entries(std::string_view entries, Tally& into, const TallyParts& parts = {});

class Pane {
 public:
  static constexpr std::size_t raw_max = 448, raw_cold = 256;  // bytes of entries kept as such, while warm and for good

  Pane() = default;
  Pane(Pane&& other) noexcept { swap(other); }
  Pane& operator=(Pane&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Pane() { release(); }
  Pane(const Pane&) = delete;  // merge_into() another
  Pane& operator=(const Pane&) = delete;

  bool hot() const { return form_ == Form::hot; }
  // Whether its owner has it on the list of those to be cooled.
  bool listed() const { return listed_; }
  void list() { listed_ = true; }
  void unlist() { listed_ = false; }
  bool wants_cooling() const { return hot() || (form_ == Form::raw && used_ > raw_cold); }
  bool empty() const { return form_ == Form::none; }

  // Appends `entry`, or tells the Tally itself by `direct`.
  template <typename Direct>
  void add(std::string_view entry, Direct&& direct) {
    if (form_ <= Form::raw && used_ + entry.size() <= raw_max) return append(entry);
    direct(warm());
  }
  Tally& warm();
  void cool();
  void merge_into(Tally& into, const TallyParts& parts = {}) const;
  void append_packed(std::string& out) const;       // nothing when there is nothing
  [[nodiscard]] bool set_packed(std::string_view packed);  // false: append_packed() did not write this
  void clear() {
    release();
    listed_ = false;
  }
  std::size_t heap_bytes() const { return hot() ? sizeof(Tally) + tally().heap_bytes() : capacity_; }

 private:
  enum class Form : std::uint8_t { none, raw, packed, hot };

  char* bytes() const { return static_cast<char*>(at_); }
  Tally& tally() const { return *static_cast<Tally*>(at_); }
  std::string_view held() const { return {bytes(), used_}; }
  void append(std::string_view entry);
  void hold(std::string_view content, Form form);
  void release();
  void swap(Pane& other) noexcept {
    std::swap(at_, other.at_);
    std::swap(used_, other.used_);
    std::swap(capacity_, other.capacity_);
    std::swap(form_, other.form_);
    std::swap(listed_, other.listed_);
  }

  void* at_ = nullptr;  // its own: a Tally when hot, else bytes
  std::uint32_t used_ = 0;
  std::uint16_t capacity_ = 0;
  Form form_ = Form::none;
  bool listed_ = false;
};
static_assert(sizeof(Pane) == 16);

// Consecutive panes of one length, by the number of their bucket since the epoch.
class Ring {
 public:
  Ring() = default;
  Ring(Ring&&) noexcept = default;
  Ring& operator=(Ring&&) noexcept = default;

  Pane& at(std::int64_t index) {
    if (panes_.empty()) first_ = index;
    if (index < first_) {  // late data before anything there is
      std::vector<Pane> wider(std::size_t(first_ - index));
      wider.reserve(wider.size() + panes_.size());
      std::move(panes_.begin(), panes_.end(), std::back_inserter(wider));
      panes_ = std::move(wider);
      first_ = index;
    }
    const auto place = std::size_t(index - first_);
    if (place >= panes_.capacity()) panes_.reserve(place + place / 4 + 2);
    if (place >= panes_.size()) panes_.resize(place + 1);
    return panes_[place];
  }
  const Pane* find(std::int64_t index) const {
    if (index < first_ || index >= end()) return nullptr;
    return &panes_[std::size_t(index - first_)];
  }
  Pane* find(std::int64_t index) { return const_cast<Pane*>(std::as_const(*this).find(index)); }
  bool empty() const { return panes_.empty(); }
  std::int64_t first() const { return first_; }
  std::int64_t end() const { return first_ + std::int64_t(panes_.size()); }

  // Takes away the panes below `index`, handing over those that hold something.
  template <typename Take>
  void drop_below(std::int64_t index, Take&& take) {
    if (empty() || index <= first_) return;
    const auto gone = std::size_t(std::min(index, end()) - first_);
    for (std::size_t i = 0; i < gone; ++i)
      if (Pane& pane = panes_[i]; !pane.empty()) take(first_ + std::int64_t(i), pane);
    panes_.erase(panes_.begin(), panes_.begin() + std::ptrdiff_t(gone));
    first_ += std::int64_t(gone);
    if (panes_.capacity() > 2 * panes_.size() + 8) panes_.shrink_to_fit();
  }
  // Every pane in [from, to) that holds something.
  template <typename Visit>
  void each(std::int64_t from, std::int64_t to, Visit&& visit) const {
    for (std::int64_t i = std::max(from, first_); i < std::min(to, end()); ++i)
      if (const Pane& pane = panes_[std::size_t(i - first_)]; !pane.empty()) visit(i, pane);
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
  std::vector<Pane> panes_;
  std::int64_t first_ = 0;
};

}  // namespace aybiza
