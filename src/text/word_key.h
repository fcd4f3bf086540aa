// The folded letters of one word, ready to be looked up: lower case, eight bytes at a time, with their hash.
//
// Shape    a key is zero-padded, so that two words are equal when their sizes and their eight-byte parts are.
// Cost     one load, a fold in five operations and one multiplication per eight bytes.
// Threads  values; pure functions.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace aybiza {

static_assert(std::endian::native == std::endian::little, "the parts of a word are loaded lowest letter first");

class WordKey {
 public:
  static constexpr std::size_t bytes_max = 40;

  // REQUIRES: word.size() <= bytes_max. `readable` bytes may be loaded from its start, at least its size.
  WordKey(std::string_view word, std::size_t readable) : size_(word.size()) {
    std::uint64_t mixed = size_ * odd;
    for (std::size_t at = 0, part = 0; at < size_; at += 8, ++part) {
      parts_[part] = folded(load(word, at, readable));
      mixed = (mixed ^ parts_[part]) * odd;
      mixed ^= mixed >> 29;
    }
    hash_ = std::uint32_t(mixed >> 32) ^ std::uint32_t(mixed);
  }

  std::uint32_t hash() const { return hash_; }
  friend bool operator==(const WordKey& a, const WordKey& b) {
    if (a.size_ != b.size_) return false;
    for (std::size_t part = 0; part * 8 < a.size_; ++part)
      if (a.parts_[part] != b.parts_[part]) return false;
    return true;
  }

 private:
  static constexpr std::uint64_t odd = 0x9E3779B97F4A7C15u, ones = 0x0101010101010101u, tops = ones * 0x80;

  static std::uint64_t load(std::string_view word, std::size_t at, std::size_t readable) {
    std::uint64_t part = 0;
    const std::size_t left = word.size() - at;
    if (at + 8 <= readable) {
      std::memcpy(&part, word.data() + at, 8);
      return left >= 8 ? part : part & ((std::uint64_t(1) << (8 * left)) - 1);
    }
    for (std::size_t i = 0; i < left && i < 8; ++i) part |= std::uint64_t(std::uint8_t(word[at + i])) << (8 * i);
    return part;
  }
  // Sets 0x20 in every byte that is 'A' to 'Z': adding 0x80 - 'A' (0x7F - 'Z') carries into the top bit from 'A' ('Z' + 1) on.
  static std::uint64_t folded(std::uint64_t part) {
    const std::uint64_t low = part & ~tops;
    const std::uint64_t from_a = low + ones * (0x80 - 'A'), after_z = low + ones * (0x7F - 'Z');
    return part | ((from_a & ~after_z & ~part & tops) >> 2);
  }

  std::size_t size_;
  std::uint32_t hash_;
  std::array<std::uint64_t, bytes_max / 8> parts_;
};

}  // namespace aybiza
