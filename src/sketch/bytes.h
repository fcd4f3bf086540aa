// Varints and fixed words for the sketches' own byte formats.
//
// Errors   a reader that runs out, or meets a varint longer than it need be, turns bad and answers 0 from then on.
// Threads  values; none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace aybiza::sketch_bytes {

inline void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(char((value & 0x7F) | 0x80));
  out.push_back(char(value));
}

inline void put_u64(std::string& out, std::uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8) out.push_back(char(value >> shift));
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  bool bad() const { return bad_; }
  bool done() const { return rest_.empty(); }
  std::size_t left() const { return rest_.size(); }

  std::uint8_t byte() {
    if (rest_.empty()) return fail();
    const auto value = std::uint8_t(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t part = byte();
      if (bad_ || (shift == 63 && part > 1)) return fail();
      value |= std::uint64_t(part & 0x7F) << shift;
      if (part < 0x80) return part == 0 && shift > 0 ? fail() : value;
    }
    return fail();
  }
  std::uint64_t u64() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 8) value |= std::uint64_t(byte()) << shift;
    return value;
  }

 private:
  std::uint8_t fail() {
    bad_ = true;
    rest_ = {};
    return 0;
  }
  std::string_view rest_;
  bool bad_ = false;
};

}  // namespace aybiza::sketch_bytes
