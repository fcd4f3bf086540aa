// Compact bytes for state at rest: varints, ids and texts, written once and read back without trust.
//
// Errors   a reader that runs out turns bad and answers zeros and empty texts from then on; the caller asks bad() last.
// Threads  values; none.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "model/rows.h"

namespace aybiza::bytes {

inline constexpr std::int64_t value_max = std::int64_t{1} << 53;

constexpr std::uint64_t zigzag(std::int64_t v) { return (std::uint64_t(v) << 1) ^ std::uint64_t(v >> 63); }
constexpr std::int64_t unzigzag(std::uint64_t v) { return std::int64_t(v >> 1) ^ -std::int64_t(v & 1); }

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}
  void byte(std::uint8_t v) { out_.push_back(char(v)); }
  void count(std::uint64_t v) {
    if (v < 0x80) return out_.push_back(char(v));
    char raw[10];
    std::size_t size = 0;
    for (; v >= 0x80; v >>= 7) raw[size++] = char((v & 0x7F) | 0x80);
    raw[size++] = char(v);
    out_.append(raw, size);
  }
  void number(std::int64_t v) { count(zigzag(v)); }
  void optional(const Number& v) {  // 0 is unknown; known values move up by one, the greatest wraps onto an escape
    if (!v) return count(0);
    const std::uint64_t code = zigzag(*v);
    if (code >= ~std::uint64_t{1}) { count(~std::uint64_t{0}); return count(code); }
    count(code + 1);
  }
  void instant(Instant t) { number(to_micros(t)); }
  void instant(Instant t, Instant since) {  // in few bytes where it is near
    number(std::int64_t(std::uint64_t(to_micros(t)) - std::uint64_t(to_micros(since))));
  }
  void id(const Id& v) { fixed(v.high); fixed(v.low); }
  void text(std::string_view v) { count(v.size()); out_.append(v); }
  void raw(std::string_view v) { out_.append(v); }  // whose length the reader knows
  void fixed(std::uint64_t v) { char raw[8]; std::memcpy(raw, &v, 8); out_.append(raw, 8); }

 private:
  std::string& out_;
};

class Reader {
 public:
  explicit Reader(std::string_view from) : rest_(from) {}
  bool bad() const { return bad_; }
  void refuse() { bad_ = true; }  // what was read makes no sense
  bool done() const { return rest_.empty(); }
  std::size_t left() const { return rest_.size(); }
  std::uint8_t byte() {
    if (rest_.empty()) { bad_ = true; return 0; }
    const auto v = std::uint8_t(rest_.front());
    rest_.remove_prefix(1);
    return v;
  }
  std::uint64_t count() {
    std::uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t part = byte();
      v |= std::uint64_t(part & 0x7F) << shift;
      if (part < 0x80) return v;
    }
    bad_ = true;
    return 0;
  }
  // A count of things that take at least `each` bytes: refuses what cannot be there, so a loop over it is bounded.
  std::size_t length(std::size_t each = 1) {
    const std::uint64_t v = count();
    if (v > rest_.size() / each) { bad_ = true; return 0; }
    return std::size_t(v);
  }
  std::int64_t number() { return unzigzag(count()); }
  // A field's value and one that is never negative. The wire takes none beyond value_max, and sums of larger ones would overflow.
  std::int64_t value() {
    const std::int64_t v = number();
    if (v < -value_max || v > value_max) { bad_ = true; return 0; }
    return v;
  }
  std::int64_t amount() {
    const std::uint64_t v = count();
    if (v > std::uint64_t(value_max)) { bad_ = true; return 0; }
    return std::int64_t(v);
  }
  Number optional() {
    const std::uint64_t code = count();
    if (code == 0) return {};
    return unzigzag(code == ~std::uint64_t{0} ? count() : code - 1);
  }
  Instant instant() { return from_micros(number()); }
  Instant instant(Instant since) { return from_micros(std::int64_t(std::uint64_t(to_micros(since)) + std::uint64_t(number()))); }
  Id id() { const std::uint64_t high = fixed(); return {high, fixed()}; }
  std::string_view text() { return take(length()); }
  std::string_view take(std::size_t n) {
    if (n > rest_.size()) { bad_ = true; return {}; }
    const std::string_view v = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return v;
  }
  std::uint64_t fixed() {
    const std::string_view raw = take(8);
    std::uint64_t v = 0;
    if (raw.size() == 8) std::memcpy(&v, raw.data(), 8);
    return v;
  }

 private:
  std::string_view rest_;
  bool bad_ = false;
};

}  // namespace aybiza::bytes
