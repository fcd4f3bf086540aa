// OTLP: spans and points a second and core, from a body to decoded values and on to the spool's bytes (assembled, masked,
// identified, encoded); beside a walk over the same bytes by protozero that only looks at every field, in the same run.
//
// otlp_bench [seconds = 1]
#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <ctime>
#include <span>
#include <string>
#include <string_view>

#include "codec/otlp_decoder.h"
#include "codec/otlp_json.h"
#include "codec/otlp_metrics.h"
#include "codec/protobuf.h"
#include "codec/varint.h"
#include "ingest/otlp_prepare.h"

namespace {

using namespace aybiza;

constexpr std::uint64_t start_nano = 1'790'000'000'000'000'000u;
const Instant received = from_micros(std::int64_t(start_nano / 1000) + 60'000'000);

std::string field(unsigned number, std::string_view bytes) {
  std::string out;
  append_varint(out, number << 3 | 2);
  append_varint(out, bytes.size());
  return out += bytes;
}
std::string fixed(unsigned number, std::uint64_t word) {
  std::string out;
  append_varint(out, number << 3 | 1);
  return out.append(reinterpret_cast<const char*>(&word), 8);
}
std::string whole(unsigned number, std::uint64_t value) {
  std::string out;
  append_varint(out, number << 3);
  append_varint(out, value);
  return out;
}
std::string attribute(unsigned number, std::string_view key, std::string_view value) { return field(number, field(1, key) + field(2, value)); }
std::string text(std::string_view value) { return field(1, value); }
std::string real(double value) {
  std::uint64_t word;
  std::memcpy(&word, &value, 8);
  return fixed(4, word);
}
std::string id(std::uint64_t seed, std::size_t bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes; ++i) out += char((seed * 0x9E3779B97F4A7C15u >> (8 * (i % 8))) | 1);
  return out;
}

// Spans as Pipecat sends them: a call of twelve after another, 290 bytes and six attributes each.
std::string trace_body(std::size_t spans) {
  std::string items;
  for (std::size_t i = 0; i < spans; ++i) {
    const std::uint64_t at = start_nano + i * 1'000'000;
    items += field(2, field(1, id(i / 12 + 1, 16)) + field(2, id(i + 1, 8)) + field(4, id(i / 12 + 7, 8)) + field(5, i % 3 == 0 ? "stt" : i % 3 == 1 ? "llm" : "tts") +
                          whole(6, 1) + fixed(7, at) + fixed(8, at + 850'000'000) + attribute(9, "gen_ai.provider.name", text("anthropic")) +
                          attribute(9, "gen_ai.request.model", text("claude-sonnet-4-5")) + attribute(9, "gen_ai.usage.input_tokens", whole(3, 1200 + i % 100)) +
                          attribute(9, "gen_ai.usage.output_tokens", whole(3, 85)) + attribute(9, "metrics.ttfb", real(0.4 + double(i % 100) / 1000)) +
                          attribute(9, "stream", whole(2, 1)) + field(15, whole(3, 1)));
  }
  return field(1, field(1, attribute(1, "service.name", text("pipecat"))) + field(2, field(1, field(1, "pipecat") + field(2, "1.7.0")) + items));
}

// Ten metrics of one point per series: what ten fields of a line are to others.
std::string metrics_body(std::size_t points) {
  std::string metrics;
  for (int m = 0; m < 10; ++m) {
    std::string data = whole(2, 1) + whole(3, 1);
    for (std::size_t i = 0; i < points / 10; ++i)
      data += field(1, attribute(7, "agent", text(fmt::format("agent-{}", i % 1000))) + attribute(7, "region", text(i % 2 ? "eu-central-1" : "us-east-1")) +
                           fixed(3, start_nano + i * 1'000'000) + real(double(i % 1000) / 8));
    metrics += field(2, field(1, fmt::format("voice.metric_{}", m)) + field(3, "ms") + field(7, data));
  }
  return field(1, field(1, attribute(1, "service.name", text("voice"))) + field(2, field(1, field(1, "bench")) + metrics));
}

double cpu_now() {  // of this thread: what others do on the machine does not count
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return double(now.tv_sec) + double(now.tv_nsec) * 1e-9;
}

template <typename Work>
double measure(std::string_view name, std::string_view unit, std::size_t items, std::size_t bytes, double seconds, Work&& work) {
  work();
  std::size_t rounds = 0;
  const double begin = cpu_now();
  double took = 0;
  for (; took < seconds; took = cpu_now() - begin) work(), ++rounds;
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

void must(bool good, std::string_view what) {
  if (good) return;
  fmt::print(stderr, "otlp_bench: {}\n", what);
  std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 1;
  const Tokenizer tokenizer("a key for this benchmark, 32 bytes");
  const DecodeContext context{.customer = "acme", .source = "bench", .received = received};
  volatile std::uint64_t sink = 0;

  constexpr std::size_t spans = 8'192;
  const std::string trace = trace_body(spans);
  const double walked = measure("spans: protozero alone, fields looked at", "spans", spans, trace.size(), seconds,
                                [&] { sink = sink + look(protobuf::Reader(trace.data(), trace.size()), to_spans); });
  OtlpDecoder decoder;
  OtlpBatch batch;
  const double decoded = measure("spans: decoded", "spans", spans, trace.size(), seconds, [&] {
    must(decoder.decode(OtlpSignal::traces, trace, batch).has_value() && batch.spans.size() == spans, "spans were refused");
  });
  OtlpPreparer preparer(tokenizer);
  const double prepared = measure("spans: to the spool's bytes", "spans", spans, trace.size(), seconds, [&] {
    const auto out = preparer.prepare(OtlpSignal::traces, OtlpEncoding::protobuf, trace, context);
    must(out.has_value() && out->rejected == 0, "spans were refused");
  });
  fmt::print("  decoding is {:.2f} of the bare walk, all of it {:.2f}\n", decoded / walked, prepared / walked);

  constexpr std::size_t points = 10'000;
  const std::string metrics = metrics_body(points);
  const double points_walked = measure("points: protozero alone, fields looked at", "points", points, metrics.size(), seconds,
                                       [&] { sink = sink + look(protobuf::Reader(metrics.data(), metrics.size()), to_points); });
  OtlpMetricsDecoder metrics_decoder;
  OtlpMetrics out;
  const double points_decoded = measure("points: decoded to series and values", "points", points, metrics.size(), seconds, [&] {
    must(metrics_decoder.decode(metrics, received, out).has_value() && out.batch.points.size() == points, "points were refused");
  });
  const double points_prepared = measure("points: to the spool's bytes", "points", points, metrics.size(), seconds, [&] {
    const auto done = preparer.prepare(OtlpSignal::metrics, OtlpEncoding::protobuf, metrics, context);
    must(done.has_value() && done->rejected == 0, "points were refused");
  });
  fmt::print("  decoding is {:.2f} of the bare walk, all of it {:.2f}; {} series in {} bytes of body\n", points_decoded / points_walked,
             points_prepared / points_walked, out.batch.series().size(), metrics.size());
  return 0;
}
