// Open addressing from a hash to a 32-bit slot; the keys themselves live with their owner.
//
// Shape    linear probing over 8-byte cells (32 bits of hash, 32 of slot); removal shifts back, so there are no graves.
// Cost     at most 70 % full; about one cache miss a look-up.
// Threads  none: owned by one table.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace aybiza {

class FlatIndex {
 public:
  std::size_t size() const { return size_; }
  std::size_t heap_bytes() const { return cells_.capacity() * sizeof(Cell); }

  // The slot for which same(slot) holds among those put under `hash`.
  template <typename Same>
  std::optional<std::uint32_t> find(std::uint64_t hash, Same&& same) const {
    if (cells_.empty()) return std::nullopt;
    for (std::size_t i = home(tag(hash));; i = next(i)) {
      if (cells_[i].slot == none) return std::nullopt;
      if (cells_[i].tag == tag(hash) && same(cells_[i].slot)) return cells_[i].slot;
    }
  }

  // For those who know what will be asked: brings the cell near; then the first slot that may be it, or `none`.
  void prefetch(std::uint64_t hash) const {
    if (!cells_.empty()) __builtin_prefetch(&cells_[home(tag(hash))]);
  }
  std::uint32_t likely(std::uint64_t hash) const {
    if (cells_.empty()) return none;
    for (std::size_t i = home(tag(hash)); cells_[i].slot != none; i = next(i))
      if (cells_[i].tag == tag(hash)) return cells_[i].slot;
    return none;
  }
  static constexpr std::uint32_t none = UINT32_MAX;

  void insert(std::uint64_t hash, std::uint32_t slot) {
    if ((size_ + 1) * 10 > cells_.size() * 7) grow();
    place({tag(hash), slot});
    ++size_;
  }

  void erase(std::uint64_t hash, std::uint32_t slot) {
    if (cells_.empty()) return;
    std::size_t hole = home(tag(hash));
    for (; cells_[hole].slot != slot; hole = next(hole))
      if (cells_[hole].slot == none) return;
    for (std::size_t i = next(hole); cells_[i].slot != none; i = next(i)) {
      // A cell may fill the hole if its home does not lie cyclically behind it.
      const std::size_t wanted = home(cells_[i].tag);
      if (((i - wanted) & (cells_.size() - 1)) < ((i - hole) & (cells_.size() - 1))) continue;
      cells_[hole] = cells_[i];
      hole = i;
    }
    cells_[hole] = {};
    --size_;
  }

 private:
  struct Cell {
    std::uint32_t tag = 0, slot = none;
  };
  static std::uint32_t tag(std::uint64_t hash) { return std::uint32_t(hash ^ (hash >> 32)); }
  std::size_t home(std::uint32_t t) const { return (t * 0x9E3779B97F4A7C15u >> 20) & (cells_.size() - 1); }
  std::size_t next(std::size_t i) const { return (i + 1) & (cells_.size() - 1); }
  void place(Cell cell) {
    std::size_t i = home(cell.tag);
    while (cells_[i].slot != none) i = next(i);
    cells_[i] = cell;
  }
  void grow() {
    std::vector<Cell> old = std::move(cells_);
    cells_.assign(old.empty() ? 64 : old.size() * 2, Cell{});
    for (const Cell& cell : old)
      if (cell.slot != none) place(cell);
  }

  std::vector<Cell> cells_;
  std::size_t size_ = 0;
};

}  // namespace aybiza
