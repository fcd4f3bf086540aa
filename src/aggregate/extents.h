// Where in time what each ended call contributes lies, by slot: looking for the calls of a second touches some thousand of a
// million extents, because calls begin in about the order of their slots.
//
// Shape    blocks of 256 slots, each with bounds that hold all its extents. A slot without one meets nothing.
// Cost     set, clear: O(1); each: a block's bounds per 256 slots, and the slots of the blocks that meet the ranges.
// Threads  none: owned by one shard (each() brings bounds up to date).
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "base/units.h"

namespace aybiza {

class Extents {
 public:
  struct Extent {  // [low, high]
    Instant low = Instant::max(), high = Instant::min();
    bool meets(Instant from, Instant to) const { return high >= from && low < to; }
  };
  struct Range { Instant from{}, to{}; };

  std::size_t size() const { return extents_.size(); }
  const Extent& operator[](std::size_t slot) const { return extents_[slot]; }

  void set(std::size_t slot, Extent extent) {
    if (extents_.size() <= slot) {
      extents_.resize(slot + 1);
      blocks_.resize(slot / per_block + 1);
    }
    Block& block = blocks_[slot / per_block];
    if (extents_[slot].low < extent.low || extents_[slot].high > extent.high) block.stale = true;
    extents_[slot] = extent;
    block.all.low = std::min(block.all.low, extent.low);
    block.all.high = std::max(block.all.high, extent.high);
  }
  void clear(std::size_t slot) {
    if (slot >= extents_.size() || extents_[slot].low == Instant::max()) return;
    extents_[slot] = {};
    blocks_[slot / per_block].stale = true;
  }

  // visit(slot) for every slot whose extent meets one of the ranges, ascending.
  template <typename Visit>
  void each(std::span<const Range> ranges, Visit&& visit) const {
    const auto meets = [&](const Extent& extent) {
      return std::any_of(ranges.begin(), ranges.end(), [&](const Range& range) { return extent.meets(range.from, range.to); });
    };
    for (std::size_t b = 0; b < blocks_.size(); ++b) {
      Block& block = blocks_[b];
      if (!meets(block.all)) continue;
      const std::size_t first = b * per_block, end = std::min(first + per_block, extents_.size());
      if (block.stale) {
        block = {};
        for (std::size_t slot = first; slot < end; ++slot)
          block.all = {std::min(block.all.low, extents_[slot].low), std::max(block.all.high, extents_[slot].high)};
        if (!meets(block.all)) continue;
      }
      for (std::size_t slot = first; slot < end; ++slot)
        if (meets(extents_[slot])) visit(slot);
    }
  }

  std::size_t heap_bytes() const { return extents_.capacity() * sizeof(Extent) + blocks_.capacity() * sizeof(Block); }

 private:
  static constexpr std::size_t per_block = 256;
  struct Block {
    Extent all;
    bool stale = false;  // `all` may be too wide
  };
  std::vector<Extent> extents_;
  mutable std::vector<Block> blocks_;
};

}  // namespace aybiza
