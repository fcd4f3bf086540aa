#include "sketch/hyperloglog.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/ids.h"
#include "sketch/bytes.h"

namespace aybiza {

namespace {

constexpr std::size_t register_count = std::size_t(1) << HyperLogLog::precision;
constexpr unsigned value_bits = 64 - HyperLogLog::precision;  // a register holds 0 .. value_bits + 1
constexpr std::size_t packed_bytes = register_count * 6 / 8;
constexpr std::uint8_t format_exact = 1, format_dense = 2;
constexpr std::uint64_t instead_of_zero = 0x9E3779B97F4A7C15u;  // 0 marks an empty slot

// Ertl 2017, algorithm 6 (estimation), with sigma and tau of the same section.
double sigma(double x) {
  if (x == 1) return INFINITY;
  double y = 1, z = x, before = 0;
  do {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  } while (z != before);
  return z;
}

double tau(double x) {
  if (x == 0 || x == 1) return 0;
  double y = 1, z = 1 - x, before = 0;
  do {
    x = std::sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) * (1 - x) * y;
  } while (z != before);
  return z / 3;
}

}  // namespace

void HyperLogLog::add(std::string_view thing) { add_hash(hash64(thing)); }

void HyperLogLog::add_hash(std::uint64_t hash) {
  if (hash == 0) hash = instead_of_zero;
  if (exact()) insert(hash);
  else raise(hash);
}

void HyperLogLog::insert(std::uint64_t hash) {
  if (hashes_.empty()) rehash(8);
  const std::size_t mask = hashes_.size() - 1;
  std::size_t slot = hash & mask;
  for (; hashes_[slot] != 0; slot = (slot + 1) & mask)
    if (hashes_[slot] == hash) return;
  if (size_ == exact_max) {
    become_dense();
    raise(hash);
    return;
  }
  hashes_[slot] = hash;
  if (++size_ * 4 > hashes_.size() * 3) rehash(hashes_.size() * 2);
}

void HyperLogLog::rehash(std::size_t slots) {
  std::vector<std::uint64_t> old(slots);
  old.swap(hashes_);
  for (const std::uint64_t hash : old) {
    if (hash == 0) continue;
    std::size_t slot = hash & (slots - 1);
    while (hashes_[slot] != 0) slot = (slot + 1) & (slots - 1);
    hashes_[slot] = hash;
  }
}

void HyperLogLog::become_dense() {
  std::vector<std::uint64_t> old;
  old.swap(hashes_);
  size_ = 0;
  registers_.assign(register_count, 0);
  for (const std::uint64_t hash : old)
    if (hash != 0) raise(hash);
}

void HyperLogLog::raise(std::uint64_t hash) {
  const std::uint64_t rest = hash << precision;
  const auto value = std::uint8_t(rest == 0 ? value_bits + 1 : unsigned(std::countl_zero(rest)) + 1);
  std::uint8_t& held = registers_[hash >> value_bits];
  held = std::max(held, value);
}

void HyperLogLog::merge(const HyperLogLog& other) {
  if (this == &other) return;
  if (other.exact()) {
    for (const std::uint64_t hash : other.hashes_)
      if (hash != 0) add_hash(hash);
    return;
  }
  if (exact()) become_dense();
  for (std::size_t i = 0; i < register_count; ++i) registers_[i] = std::max(registers_[i], other.registers_[i]);
}

double HyperLogLog::estimate() const {
  if (exact()) return size_;
  std::array<std::uint32_t, value_bits + 2> histogram{};
  for (const std::uint8_t value : registers_) ++histogram[value];
  const auto m = double(register_count);
  double z = m * tau(1 - histogram[value_bits + 1] / m);
  for (unsigned k = value_bits; k >= 1; --k) z = 0.5 * (z + histogram[k]);
  z += m * sigma(histogram[0] / m);
  constexpr double alpha = 0.7213475204444817;  // 1 / (2 ln 2)
  return alpha * m * m / z;
}

std::vector<std::uint64_t> HyperLogLog::sorted() const {
  std::vector<std::uint64_t> all;
  all.reserve(size_);
  std::ranges::copy_if(hashes_, std::back_inserter(all), [](std::uint64_t hash) { return hash != 0; });
  std::ranges::sort(all);
  return all;
}

bool operator==(const HyperLogLog& a, const HyperLogLog& b) {
  return a.size_ == b.size_ && a.registers_ == b.registers_ && a.sorted() == b.sorted();
}

// exact: version 1, count, the hashes ascending; dense: version 2, the registers at 6 bits, four in three bytes.
void HyperLogLog::serialise(std::string& out) const {
  if (exact()) {
    out.push_back(char(format_exact));
    sketch_bytes::put_varint(out, size_);
    for (const std::uint64_t hash : sorted()) sketch_bytes::put_u64(out, hash);
    return;
  }
  out.push_back(char(format_dense));
  for (std::size_t i = 0; i < register_count; i += 4) {
    const auto four = std::uint32_t(registers_[i] | registers_[i + 1] << 6 | registers_[i + 2] << 12 | registers_[i + 3] << 18);
    for (int shift = 0; shift < 24; shift += 8) out.push_back(char(four >> shift));
  }
}

Result<HyperLogLog> HyperLogLog::deserialise(std::string_view bytes) {
  sketch_bytes::Reader in(bytes);
  const auto corrupt = [] { return fail(Code::corrupt, "distinct sketch: bytes are not what was written"); };
  HyperLogLog sketch;
  const std::uint8_t format = in.byte();
  if (in.bad() || (format != format_exact && format != format_dense))
    return fail(Code::unsupported, "distinct sketch: unknown version");
  if (format == format_exact) {
    const std::uint64_t count = in.varint();
    if (in.bad() || count > exact_max || in.left() != count * 8) return corrupt();
    for (std::uint64_t i = 0, before = 0; i < count; ++i) {
      const std::uint64_t hash = in.u64();
      if (hash <= before) return corrupt();  // ascending, and never 0
      sketch.insert(hash);
      before = hash;
    }
    return sketch;
  }
  if (in.left() != packed_bytes) return corrupt();
  sketch.registers_.resize(register_count);
  std::size_t set = 0;
  for (std::size_t i = 0; i < register_count; i += 4) {
    std::uint32_t four = 0;
    for (int shift = 0; shift < 24; shift += 8) four |= std::uint32_t(in.byte()) << shift;
    for (std::size_t k = 0; k < 4; ++k, four >>= 6) {
      const auto value = std::uint8_t(four & 63);
      if (value > value_bits + 1) return corrupt();
      sketch.registers_[i + k] = value;
      set += value != 0;
    }
  }
  if (set == 0) return corrupt();  // more than 4096 hashes set at least one
  return sketch;
}

}  // namespace aybiza
