// Bodies of OTLP as senders make them, and the same points as Influx lines; made once and renewed in place for each request.
//
// Cost     renewing writes a few words of each item: nearly nothing beside what any sender does.
// Threads  values; none.
#pragma once

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "codec/otlp_testing.h"

namespace aybiza::bench {

inline std::string field(unsigned number, std::string_view bytes) { return testing::pb(number, bytes); }
inline std::string fixed(unsigned number, std::uint64_t word) { return testing::pb_fixed(number, word); }
inline std::string whole(unsigned number, std::uint64_t value) { return testing::pb_varint(number, value); }
inline std::string attribute(unsigned number, std::string_view key, std::string_view value) { return field(number, field(1, key) + field(2, value)); }
inline std::string text(std::string_view value) { return field(1, value); }
inline std::string real(double value) { return fixed(4, std::bit_cast<std::uint64_t>(value)); }
inline std::string id(std::uint64_t seed, std::size_t bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes; ++i) out += char((seed * 0x9E3779B97F4A7C15u >> (8 * (i % 8))) | 1);
  return out;
}

// A body and where its times and ids stand.
struct RenewedBody {
  struct Place {
    std::size_t at;
    std::uint64_t first;  // the word there in the first request
  };
  std::string bytes;
  std::vector<Place> times, ids;
  std::size_t items = 0;

  // Finds fields in the order in which they were written; the last eight bytes of each are its word.
  void locate(const std::vector<std::string>& fields, std::vector<Place>& places) {
    std::size_t at = 0;
    for (const std::string& one : fields) {
      at = bytes.find(one, at) + one.size();
      Place place{.at = at - 8, .first = 0};
      std::memcpy(&place.first, bytes.data() + place.at, 8);
      places.push_back(place);
    }
  }
  // The request of this number: later times, other ids.
  void renew(std::uint64_t number, std::uint64_t nanos_apart) {
    const auto put = [&](const Place& place, std::uint64_t word) { std::memcpy(bytes.data() + place.at, &word, 8); };
    for (const Place& place : times) put(place, place.first + number * nanos_apart);
    for (const Place& place : ids) put(place, place.first ^ number * 0x9E3779B97F4A7C15u << 1);  // its last byte stays: no id becomes zero
  }
};

// Spans as Pipecat sends them: a call of twelve after another, 290 bytes and six attributes each.
inline RenewedBody trace_body(std::size_t spans, std::uint64_t start_nano) {
  RenewedBody out{.bytes = {}, .times = {}, .ids = {}, .items = spans};
  std::string items;
  std::vector<std::string> times, ids;
  for (std::size_t i = 0; i < spans; ++i) {
    const std::uint64_t at = start_nano + i * 1'000'000;
    for (const std::string& time : {fixed(7, at), fixed(8, at + 850'000'000)}) times.push_back(time);
    for (const std::string& one : {field(1, id(i / 12 + 1, 16)), field(2, id(i + 1, 8)), field(4, id(i / 12 + 7, 8))}) ids.push_back(one);
    items += field(2, field(1, id(i / 12 + 1, 16)) + field(2, id(i + 1, 8)) + field(4, id(i / 12 + 7, 8)) + field(5, i % 3 == 0 ? "stt" : i % 3 == 1 ? "llm" : "tts") +
                          whole(6, 1) + fixed(7, at) + fixed(8, at + 850'000'000) + attribute(9, "gen_ai.provider.name", text("anthropic")) +
                          attribute(9, "gen_ai.request.model", text("claude-sonnet-4-5")) + attribute(9, "gen_ai.usage.input_tokens", whole(3, 1200 + i % 100)) +
                          attribute(9, "gen_ai.usage.output_tokens", whole(3, 85)) + attribute(9, "metrics.ttfb", real(0.4 + double(i % 100) / 1000)) +
                          attribute(9, "stream", whole(2, 1)) + field(15, whole(3, 1)));
  }
  out.bytes = field(1, field(1, attribute(1, "service.name", text("pipecat"))) + field(2, field(1, field(1, "pipecat") + field(2, "1.7.0")) + items));
  out.locate(times, out.times);
  out.locate(ids, out.ids);
  return out;
}

// Ten metrics of one point per series: what ten fields of a line are to others.
inline constexpr std::size_t metrics_of_series = 10;
inline double value_of(std::size_t series) { return double(series % 1000) / 8; }
inline RenewedBody metrics_body(std::size_t points, std::uint64_t start_nano) {
  RenewedBody out{.bytes = {}, .times = {}, .ids = {}, .items = points};
  std::string metrics;
  std::vector<std::string> times;
  for (std::size_t m = 0; m < metrics_of_series; ++m) {
    std::string data = whole(2, 1) + whole(3, 1);
    for (std::size_t i = 0; i < points / metrics_of_series; ++i) {
      times.push_back(fixed(3, start_nano + i * 1'000'000));
      data += field(1, attribute(7, "agent", text(fmt::format("agent-{}", i % 1000))) + attribute(7, "region", text(i % 2 ? "eu-central-1" : "us-east-1")) + times.back() +
                           real(value_of(i)));
    }
    metrics += field(2, field(1, fmt::format("voice.metric_{}", m)) + field(3, "ms") + field(7, data));
  }
  out.bytes = field(1, field(1, attribute(1, "service.name", text("voice"))) + field(2, field(1, field(1, "bench")) + metrics));
  out.locate(times, out.times);
  return out;
}

// The same points as Influx lines of ten fields.
struct InfluxBody {
  std::string bytes;
  std::vector<std::size_t> times;  // where the 19 digits of each line stand
  std::uint64_t start_nano = 0;

  InfluxBody(std::size_t points, std::uint64_t start) : start_nano(start) {
    for (std::size_t i = 0; i < points / metrics_of_series; ++i) {
      bytes += fmt::format("voice,agent=agent-{},region={} ", i % 1000, i % 2 ? "eu-central-1" : "us-east-1");
      for (std::size_t m = 0; m < metrics_of_series; ++m) bytes += fmt::format("{}metric_{}={}", m == 0 ? "" : ",", m, value_of(i));
      bytes += ' ';
      times.push_back(bytes.size());
      bytes += fmt::format("{}\n", start_nano + i * 1'000'000);
    }
  }
  void renew(std::uint64_t number, std::uint64_t nanos_apart) {
    for (std::size_t i = 0; i < times.size(); ++i) fmt::format_to_n(bytes.data() + times[i], 19, "{}", start_nano + i * 1'000'000 + number * nanos_apart);
  }
};

}  // namespace aybiza::bench
