// Variable-length integers of the binary form, and a reader that cannot leave its bytes.
//
// Shape    LEB128; signed numbers zigzag.
// Errors   ByteReader::ok turns false for good at the first read past the end; what it answers then is zero or empty.
// Threads  none: owned by one decode.
// Source   Protocol Buffers encoding, "Base 128 varints".
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace aybiza {

inline void append_varint(std::string& out, std::uint64_t value) {
  char bytes[10];
  std::size_t size = 0;
  for (; value >= 0x80; value >>= 7) bytes[size++] = char(value | 0x80);
  bytes[size++] = char(value);
  out.append(bytes, size);
}
constexpr std::uint64_t zigzag(std::int64_t value) {
  return (std::uint64_t(value) << 1) ^ std::uint64_t(value >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t value) {
  return std::int64_t(value >> 1) ^ -std::int64_t(value & 1);
}

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}
  bool ok() const { return ok_; }
  bool done() const { return at_ == end_; }
  std::size_t left() const { return std::size_t(end_ - at_); }

  std::uint8_t byte() { return at_ != end_ ? static_cast<std::uint8_t>(*at_++) : (ok_ = false, std::uint8_t(0)); }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const auto next = static_cast<unsigned char>(*at_++);
      if (shift == 63 && next > 1) break;
      value |= std::uint64_t(next & 0x7F) << shift;
      if (next < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }
  std::uint64_t fixed64() {
    std::uint64_t value = 0;
    const std::string_view bytes = take(8);
    if (bytes.size() == 8) std::memcpy(&value, bytes.data(), 8);
    return value;
  }
  std::string_view take(std::uint64_t size) {
    if (size > left()) {
      ok_ = false;
      at_ = end_;
      return {};
    }
    const std::string_view bytes(at_, std::size_t(size));
    at_ += size;
    return bytes;
  }
  std::string_view text() { return take(varint()); }

 private:
  const char* at_;
  const char* end_;
  bool ok_ = true;
};

}  // namespace aybiza
