// Seeded randomness of the simulated fleet: the same seed gives the same calls on every machine.
//
// Shape    splitmix64 feeds xoshiro256**; the distributions are written out because the standard ones differ by library.
// Threads  none: one stream, one owner; fork() makes an independent stream.
// Source   Blackman, Vigna, "Scrambled linear pseudorandom number generators", 2021.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <span>

namespace aybiza {

class Random {
 public:
  explicit Random(std::uint64_t seed) {
    for (auto& word : state_) word = splitmix(seed);
  }
  std::uint64_t next() {
    const std::uint64_t result = rotate(state_[1] * 5, 7) * 9, shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = rotate(state_[3], 45);
    return result;
  }
  double uniform() { return double(next() >> 11) * 0x1.0p-53; }  // [0, 1)
  std::size_t below(std::size_t n) { return std::size_t(uniform() * double(n)); }
  bool chance(double p) { return uniform() < p; }
  double between(double low, double high) { return low + (high - low) * uniform(); }
  double exponential(double mean) { return -mean * std::log(1 - uniform()); }
  double normal() {  // Box-Muller, one of the pair
    return std::sqrt(-2 * std::log(1 - uniform())) * std::cos(6.283185307179586 * uniform());
  }
  double log_normal(double median, double sigma) { return median * std::exp(sigma * normal()); }
  std::size_t weighted(std::span<const double> weights) {
    double sum = 0;
    for (const double w : weights) sum += w;
    double at = uniform() * sum;
    for (std::size_t i = 0; i + 1 < weights.size(); ++i)
      if ((at -= weights[i]) < 0) return i;
    return weights.size() - 1;
  }
  template <typename T, std::size_t n>
  const T& pick(const T (&from)[n]) { return from[below(n)]; }
  Random fork() { return Random(next()); }

 private:
  static std::uint64_t rotate(std::uint64_t x, int k) { return x << k | x >> (64 - k); }
  static std::uint64_t splitmix(std::uint64_t& x) {
    std::uint64_t z = x += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
  }
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace aybiza
