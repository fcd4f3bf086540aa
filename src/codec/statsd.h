// StatsD and DogStatsD packets as points of metrics.
//
// Shape    one decoder per listener: decode() splits a packet into lines and adds their points to a batch. Series are told
//          apart by the bytes around the value, so that name, tags and rate are only read the first time they come.
//            c -> counter · g -> last_value (signed: its delta) · ms, h -> summary · d -> distribution · s -> set
//          A tag without a value has the value "true"; `c:` is the tag container_id; e:, card: and unknown parts are skipped.
// Units    ms has the unit "ms", the rest has none. Points without T carry the time the packet was received.
// Errors   a line is refused whole and counted by reason, the rest of the packet is taken.
// Cost     about 0.15 us a line of a known series; limits::statsd_series_cached of them are remembered, then all forgotten.
// Threads  none: owned by one listener.
// Source   ingest-formats.md 8.1-8.3 (superset grammar of StatsD, DogStatsD 1.0-1.6 and telemetry_metrics_statsd).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "codec/metric_tags.h"
#include "model/metric_point.h"

namespace aybiza {

enum class StatsdRefusal : std::uint8_t { malformed, name, value, type, rate, time, event, check };
inline constexpr std::size_t statsd_refusal_count = std::size_t(StatsdRefusal::check) + 1;
std::string_view to_string(StatsdRefusal reason);

struct StatsdCounts {
  std::uint64_t lines = 0;   // not blank: metrics + events + checks + refused
  std::uint64_t metrics = 0, events = 0, checks = 0;
  std::uint64_t points = 0;  // of the metrics: packed values are several
  std::uint64_t tags_cut = 0;  // series whose tags did not fit
  std::array<std::uint64_t, statsd_refusal_count> refused{};
};

// "voice.call.{tenant}.{region}": names of as many segments whose others are equal become "voice.call" with two tags, as
// telemetry_metrics_statsd's standard formatter, which has no tags, writes them. "nil" is no tag.
class StatsdTemplate {
 public:
  static Result<StatsdTemplate> parse(std::string_view text);
  // False: another name. The tag values view `name`.
  bool match(std::string_view name, std::string& plain, std::vector<MetricTag>& tags) const;

 private:
  struct Segment {
    std::string text;
    bool tag = false;
  };
  std::vector<Segment> segments_;
};

struct StatsdOptions {
  bool signed_gauges_are_deltas = true;  // as StatsD has it and Elixir's sums need it; false: the sign is of the value
  std::vector<StatsdTemplate> templates = {};
};

class StatsdDecoder {
 public:
  explicit StatsdDecoder(StatsdOptions options = {});
  ~StatsdDecoder();
  StatsdDecoder(const StatsdDecoder&) = delete;  // its series view itself
  StatsdDecoder& operator=(const StatsdDecoder&) = delete;

  // Adds the packet's points to the batch that begin() named last.
  void decode(std::string_view packet, Instant received);
  void begin(MetricBatch& batch);  // REQUIRES: empty, and alive until the next begin()
  const StatsdCounts& counts() const { return counts_; }

 private:
  struct Known;
  struct Line;
  void read_line(std::string_view text, Instant received);
  bool read_metric(std::string_view text, Instant received);
  bool split(std::string_view text, Line& line);
  Known* known(const Line& line, bool signed_gauge);
  Known* learn(const Line& line, bool signed_gauge, std::uint64_t hash);
  bool read_rest(const Line& line, MetricSeries& series, std::string& name, std::string& tags);
  bool refuse(StatsdRefusal reason);

  const StatsdOptions options_;
  StatsdCounts counts_;
  MetricBatch* batch_ = nullptr;
  std::uint64_t generation_ = 0;
  std::unordered_map<std::uint64_t, std::unique_ptr<Known>> known_;
  TagWriter tags_;
  std::string rest_;
};

}  // namespace aybiza
