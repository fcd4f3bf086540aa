// OTLP: spans and points a second and core, from a body to decoded values and on to the spool's bytes (assembled, masked,
// identified, encoded); beside a walk over the same bytes by protozero that only looks at every field, in the same run.
//
// otlp_bench [seconds = 1]
#include <fmt/format.h>

#include <span>
#include <string>
#include <string_view>

#include "codec/otlp_decoder.h"
#include "codec/otlp_json.h"
#include "codec/otlp_metrics.h"
#include "codec/protobuf.h"
#include "ingest/otlp_prepare.h"
#include "measuring.h"
#include "otlp_bodies.h"

namespace {

using namespace aybiza;
using namespace aybiza::bench;

constexpr std::uint64_t start_nano = 1'790'000'000'000'000'000u;
const Instant received = from_micros(std::int64_t(start_nano / 1000) + 60'000'000);

template <typename Work>
double measure(std::string_view name, std::string_view unit, std::size_t items, std::size_t bytes, double length, Work&& work) {
  work();
  std::size_t rounds = 0;
  const double begin = thread_cpu_seconds();
  double took = 0;
  for (; took < length; took = thread_cpu_seconds() - begin) work(), ++rounds;
  const double rate = double(items) * double(rounds) / took;
  fmt::print("{:<44} {:>12.0f} {}/s {:>7.0f} ns each {:>7.2f} GB/s\n", name, rate, unit, 1e9 / rate, double(bytes) * double(rounds) / took / 1e9);
  return rate;
}

// The bare minimum: every field of every item seen once, and nothing understood. `path`: the fields that lead to the items.
std::uint64_t look(protobuf::Reader message, std::span<const std::uint32_t> path) {
  std::uint64_t seen = 0;
  while (message.next()) {
    if (!path.empty() && message.tag() == path.front()) seen += look(message.get_message(), path.subspan(1));
    else message.skip(), ++seen;
  }
  return seen;
}
constexpr std::uint32_t to_spans[] = {1, 2, 2}, to_points[] = {1, 2, 2, 7, 1};

}  // namespace

int main(int argc, char** argv) {
  const double length = argc > 1 ? std::atof(argv[1]) : 1;
  fmt::print("machine    {}\ncommand    otlp_bench {}\n", machine(), length);
  const Tokenizer tokenizer("a key for this benchmark, 32 bytes");
  const DecodeContext context{.customer = "acme", .source = "bench", .received = received};
  volatile std::uint64_t sink = 0;

  constexpr std::size_t spans = 8'192;
  const std::string trace = trace_body(spans, start_nano).bytes;
  const double walked = measure("spans: protozero alone, fields looked at", "spans", spans, trace.size(), length,
                                [&] { sink = sink + look(protobuf::Reader(trace.data(), trace.size()), to_spans); });
  OtlpDecoder decoder;
  OtlpBatch batch;
  const double decoded = measure("spans: decoded", "spans", spans, trace.size(), length, [&] {
    must(decoder.decode(OtlpSignal::traces, trace, batch).has_value() && batch.spans.size() == spans, "spans were refused");
  });
  OtlpPreparer preparer(tokenizer);
  const double prepared = measure("spans: to the spool's bytes", "spans", spans, trace.size(), length, [&] {
    const auto out = preparer.prepare(OtlpSignal::traces, OtlpEncoding::protobuf, trace, context);
    must(out.has_value() && out->rejected == 0, "spans were refused");
  });
  fmt::print("  decoding is {:.2f} of the bare walk, all of it {:.2f}\n", decoded / walked, prepared / walked);

  constexpr std::size_t points = 10'000;
  const std::string metrics = metrics_body(points, start_nano).bytes;
  const double points_walked = measure("points: protozero alone, fields looked at", "points", points, metrics.size(), length,
                                       [&] { sink = sink + look(protobuf::Reader(metrics.data(), metrics.size()), to_points); });
  OtlpMetricsDecoder metrics_decoder;
  OtlpMetrics out;
  const double points_decoded = measure("points: decoded to series and values", "points", points, metrics.size(), length, [&] {
    must(metrics_decoder.decode(metrics, received, out).has_value() && out.batch.points.size() == points, "points were refused");
  });
  const double points_prepared = measure("points: to the spool's bytes", "points", points, metrics.size(), length, [&] {
    const auto done = preparer.prepare(OtlpSignal::metrics, OtlpEncoding::protobuf, metrics, context);
    must(done.has_value() && done->rejected == 0, "points were refused");
  });
  fmt::print("  decoding is {:.2f} of the bare walk, all of it {:.2f}; {} series in {} bytes of body\n", points_decoded / points_walked,
             points_prepared / points_walked, out.batch.series().size(), metrics.size());
  return 0;
}
