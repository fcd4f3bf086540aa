// Prometheus remote write: samples a second and core, from a packed body to the spool's bytes (unpacked, decoded, masked, encoded),
// beside what unpacking alone takes, in the same run.
//
// remote_write_bench [seconds = 1] [series = 2000] [samples of a series = 5]
#include <fmt/format.h>
#include <snappy.h>

#include <string>

#include "codec/metric_binary.h"
#include "codec/remote_write.h"
#include "ingest/metric_masker.h"
#include "measuring.h"
#include "otlp_bodies.h"

namespace {

using namespace aybiza;
using namespace aybiza::bench;

constexpr std::int64_t start_ms = 1'790'000'000'000;

std::string samples_of(std::size_t series, std::size_t samples) {
  std::string out;
  for (std::size_t i = 0; i < samples; ++i)
    out += field(2, fixed(1, std::bit_cast<std::uint64_t>(double(series * 10 + i))) + whole(2, std::uint64_t(start_ms) + i * 1000));
  return out;
}

std::string body_v1(std::size_t series, std::size_t samples) {
  std::string out;
  const auto label = [](std::string_view name, std::string_view value) { return field(1, field(1, name) + field(2, value)); };
  for (std::size_t i = 0; i < series; ++i)
    out += field(1, label("__name__", fmt::format("voice_metric_{}_total", i % 20)) + label("agent", fmt::format("agent-{}", i / 20)) + label("instance", "10.0.0.1:9568") +
                        label("job", "agents") + samples_of(i, samples));
  return snappy_pack(out);
}

std::string body_v2(std::size_t series, std::size_t samples) {
  std::string symbols = field(4, ""), out;
  for (const std::string_view one : {"__name__", "agent", "instance", "10.0.0.1:9568", "job", "agents"}) symbols += field(4, one);  // 1 to 6
  for (std::size_t i = 0; i < 20; ++i) symbols += field(4, fmt::format("voice_metric_{}", i));                                      // from 7
  for (std::size_t i = 0; i <= series / 20; ++i) symbols += field(4, fmt::format("agent-{}", i));                                   // from 27
  for (std::size_t i = 0; i < series; ++i) {
    std::string refs;
    for (const std::uint64_t ref : {std::uint64_t(1), std::uint64_t(7 + i % 20), std::uint64_t(2), std::uint64_t(27 + i / 20), std::uint64_t(3), std::uint64_t(4),
                                    std::uint64_t(5), std::uint64_t(6)})
      append_varint(refs, ref);
    out += field(5, field(1, refs) + samples_of(i, samples) + field(5, whole(1, 1)));
  }
  return snappy_pack(symbols + out);
}

void measure(std::string_view name, RemoteWriteVersion version, const std::string& body, std::size_t samples, double length) {
  MetricFamilies families;
  RemoteWriteDecoder decoder(families);
  const Tokenizer tokenizer("a key for this benchmark, 32 bytes");
  MetricMasker masker(tokenizer);
  const Instant now = from_micros(start_ms * 1000 + 60'000'000);
  std::string bytes, unpacked;
  std::size_t points = 0;
  const auto work = [&] {
    bytes.clear();
    points = 0;
    const auto counts = decoder.decode(version, body, "acme", now, [&](MetricBatch& batch) {
      masker.mask(batch);
      append_metric_event(bytes, {.scope = "acme", .customer = "acme", .source = "bench", .time = now}, batch);
      points += batch.points.size();
    });
    must(counts.has_value() && points == samples, "samples were refused");
  };
  const auto rate_of = [&](auto&& each) {
    each();
    std::size_t rounds = 0;
    const double begin = thread_cpu_seconds();
    while (thread_cpu_seconds() - begin < length) each(), ++rounds;
    return double(samples * rounds) / (thread_cpu_seconds() - begin);
  };
  const double unpacking = rate_of([&] { must(snappy::Uncompress(body.data(), body.size(), &unpacked), "not Snappy"); });
  const double whole_way = rate_of(work);
  fmt::print("{:<16} {:>10.0f} samples/s on one core, {:.1f} bytes of log each; unpacking alone {:.0f}/s, ratio {:.3f}\n", name, whole_way, double(bytes.size()) / double(samples),
             unpacking, whole_way / unpacking);
}

}  // namespace

int main(int argc, char** argv) {
  const double length = argc > 1 ? std::atof(argv[1]) : 1;
  const std::size_t series = argc > 2 ? std::size_t(std::atoll(argv[2])) : 2'000, samples = argc > 3 ? std::size_t(std::atoll(argv[3])) : 5;
  fmt::print("machine    {}\ncommand    remote_write_bench {} {} {}\n", machine(), length, series, samples);
  measure("version 1.0", RemoteWriteVersion::v1, body_v1(series, samples), series * samples, length);
  measure("version 2.0", RemoteWriteVersion::v2, body_v2(series, samples), series * samples, length);
  return 0;
}
