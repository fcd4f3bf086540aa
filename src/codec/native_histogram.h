// Prometheus' native histograms: read from a message, and what they hold put into a sketch.
//
// Shape    a bucket's count is put on its middle, in powers of two; of schema -53 between the bounds the sender gives.
// Errors   a message that is broken or above a ceiling throws what protozero throws; nullopt: buckets that contradict themselves.
// Threads  pure functions.
// Source   ingest-formats.md 9.2; Prometheus remote write 2.0, Histogram.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "codec/protobuf.h"
#include "sketch/real_sketch.h"

namespace aybiza {

struct NativeHistogram {
  struct Span {
    std::int64_t offset = 0;
    std::uint32_t length = 0;
  };
  struct Side {
    std::vector<Span> spans;
    std::vector<std::int64_t> deltas;
    std::vector<double> counts;
  };
  std::optional<double> count;
  double sum = 0, zero = 0;
  std::int64_t schema = 0, time_ms = 0, start_ms = 0;
  std::uint64_t reset_hint = 0;
  Side positive, negative;
  std::vector<double> custom;
};

inline constexpr std::size_t native_buckets = 16'384;  // of one histogram: small bytes must not become large memory

// Appends, or refuses the message as a broken one.
template <typename T>
void push_bounded(std::vector<T>& to, T value, std::size_t most) {
  if (to.size() >= most) throw protozero::invalid_length_exception();  // refused as a broken message is
  to.push_back(std::move(value));
}
template <typename Range, typename T>
void append_all(const Range& range, std::vector<T>& out, std::size_t most = native_buckets) {
  for (const auto value : range) push_bounded(out, T(value), most);
}

NativeHistogram read_native_histogram(protobuf::Reader in);
// How many observations were added. Nothing is said of the sketch when it is nullopt.
std::optional<std::uint64_t> add_to(RealSketch& sketch, const NativeHistogram& histogram);

}  // namespace aybiza
