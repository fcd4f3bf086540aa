// Bits for what is kept in memory by the hundred thousand: numbers as short as they are.
//
// Shape    length-prefixed numbers, small numbers in groups of three bits, Rice codes (quotient in ones, rest in k bits).
// Errors   a reader that runs out turns bad and answers 0 from then on; the caller asks bad() last.
// Cost     a few instructions a number.
// Threads  values; none.
// Source   Rice, Plaunt, "Adaptive Variable-Length Coding", IEEE Trans. Communications 19(6), 1971.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace aybiza::bits {

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  // REQUIRES: size <= 48, no bit of `value` above them.
  void put(std::uint64_t value, unsigned size) {
    if (used_ + size >= 64) spill();
    held_ |= value << used_;
    used_ += size;
  }
  void wide(std::uint64_t value, unsigned size) {  // size <= 64
    if (size <= 32) return put(value, size);
    put(value & 0xFFFF'FFFF, 32);
    put(value >> 32, size - 32);
  }
  void small(std::uint64_t value) {
    for (; value >= 8; value >>= 3) put((value & 7) | 8, 4);
    put(value, 4);
  }
  void number(std::uint64_t value) {
    const auto size = unsigned(std::bit_width(value));
    put(size, 7);
    if (size > 1) wide(value & ~(std::uint64_t{1} << (size - 1)), size - 1);
  }
  void rice(std::uint64_t value, unsigned k) {
    for (std::uint64_t ones = value >> k; ones > 0;) {
      const auto now = unsigned(ones < 48 ? ones : 48);
      put((std::uint64_t{1} << now) - 1, now);
      ones -= now;
    }
    put(0, 1);
    wide(value & ((std::uint64_t{1} << k) - 1), k);
  }
  void finish() {  // fills up the last byte
    spill();
    if (used_ > 0) out_.push_back(char(held_));
    held_ = 0, used_ = 0;
  }

 private:
  void spill() {  // whole bytes; used_ < 64
    char raw[8];
    std::memcpy(raw, &held_, 8);
    out_.append(raw, used_ / 8);
    held_ >>= used_ & ~7u;
    used_ &= 7u;
  }
  std::string& out_;
  std::uint64_t held_ = 0;
  unsigned used_ = 0;
};
static_assert(std::endian::native == std::endian::little);

class Reader {
 public:
  explicit Reader(std::string_view from) : at_(from.data()), end_(from.data() + from.size()) {}
  bool bad() const { return bad_; }
  bool done() const { return at_ == end_ && used_ < 8 && held_ == 0; }  // but for what fills the last byte

  std::uint64_t take(unsigned size) {  // <= 48
    if (used_ < size && !fill(size)) return 0;
    const std::uint64_t value = held_ & ((std::uint64_t{1} << size) - 1);
    drop(size);
    return value;
  }
  std::uint64_t wide(unsigned size) {
    if (size <= 32) return take(size);
    const std::uint64_t low = take(32);
    return low | take(size - 32) << 32;
  }
  std::uint64_t small() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 3) {
      const std::uint64_t part = take(4);
      value |= (part & 7) << shift;
      if (part < 8) return value;
    }
    return fail();
  }
  std::uint64_t number() {
    const auto size = unsigned(take(7));
    if (size > 64) return fail();
    return size < 2 ? size : (wide(size - 1) | std::uint64_t{1} << (size - 1));
  }
  std::uint64_t rice(unsigned k) {
    std::uint64_t ones = 0;
    for (;;) {
      if (used_ == 0 && !fill(1)) return 0;
      const auto run = unsigned(std::countr_one(held_));  // what lies above used_ is 0
      if (run < used_) {
        ones += run;
        drop(run + 1);
        break;
      }
      ones += used_;
      drop(used_);
    }
    if (ones > ~std::uint64_t{0} >> 1 >> k) return fail();
    return (ones << k) | wide(k);
  }

 private:
  void drop(unsigned size) {
    held_ = size < 64 ? held_ >> size : 0;
    used_ -= size;
  }
  bool fill(unsigned wanted) {
    if (end_ - at_ >= 8) {
      std::uint64_t next = 0;
      std::memcpy(&next, at_, 8);
      const unsigned bytes = (63 - used_) / 8;  // so that used_ stays below 64
      held_ |= (next & ((std::uint64_t{1} << bytes * 8) - 1)) << used_;
      at_ += bytes;
      used_ += bytes * 8;
    }
    for (; used_ < 56 && at_ < end_; used_ += 8) held_ |= std::uint64_t(std::uint8_t(*at_++)) << used_;
    if (used_ >= wanted) return true;
    fail();
    return false;
  }
  std::uint64_t fail() {
    bad_ = true;
    at_ = end_;
    held_ = 0, used_ = 0;
    return 0;
  }
  const char *at_, *end_;
  std::uint64_t held_ = 0;
  unsigned used_ = 0;
  bool bad_ = false;
};

}  // namespace aybiza::bits
