// How many different things were seen: exact to 4096, within 2 % above.
//
// Shape    Up to 4096 distinct 64-bit hashes are kept as they are; then 2^15 registers of 6 bits. The state depends
//          only on the set of hashes, so merge(a, b) equals the sketch of both streams bit for bit, in any order.
// Errors   deserialise() refuses anything serialise() cannot have written. Two things with one hash count once
//          (4096 things: one chance in 10^12).
// Cost     no heap until the first add; 32 KiB once above 4096. estimate() O(1) exact, about 10 us above.
// Threads  none: owned by one shard. Send copies.
// Source   Ertl, "New cardinality estimation algorithms for HyperLogLog sketches", 2017, section 2 (improved raw).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace aybiza {

class HyperLogLog {
 public:
  static constexpr unsigned precision = 15;
  static constexpr std::size_t exact_max = 4096;

  void add(std::string_view thing);
  void add_hash(std::uint64_t hash);  // REQUIRES: all 64 bits well mixed
  void merge(const HyperLogLog& other);

  double estimate() const;  // a whole number while exact()
  bool exact() const { return registers_.empty(); }

  void serialise(std::string& out) const;  // appends; equal content gives equal bytes
  static Result<HyperLogLog> deserialise(std::string_view bytes);

  std::size_t heap_bytes() const { return hashes_.capacity() * 8 + registers_.capacity(); }
  friend bool operator==(const HyperLogLog& a, const HyperLogLog& b);

 private:
  void become_dense();
  void raise(std::uint64_t hash);
  void insert(std::uint64_t hash);
  void rehash(std::size_t slots);
  std::vector<std::uint64_t> sorted() const;

  std::vector<std::uint64_t> hashes_;    // open addressing, a power of two, 0 is an empty slot
  std::vector<std::uint8_t> registers_;  // empty while exact
  std::uint32_t size_ = 0;               // hashes held
};

}  // namespace aybiza
