// What the fold hands to a store: finished rows of the published tables, with the offsets they come from.
//
// Shape    one struct per table; every column that may be unknown is optional (numbers) or empty (texts).
// Units    microseconds, x 10^4, nano-USD in memory, as in field.h; stores convert at their edge.
// Threads  values; moved from the shard to the writer.
// Source   decisions.md 3, 4, 7, 10, 16, 26; storage.md 1, 2.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/units.h"
#include "model/event.h"
#include "model/field.h"

namespace aybiza {

using Number = std::optional<std::int64_t>;

// The dimensions of a call, by Field: dims[std::size_t(Field::region)]; empty = unknown. agent_id here is the
// sender's text; direction and channel are their words.
struct Dimensions {
  std::string value[dimension_field_count];
  std::string& operator[](Field field) { return value[std::size_t(field)]; }
  const std::string& operator[](Field field) const { return value[std::size_t(field)]; }
  friend bool operator==(const Dimensions&, const Dimensions&) = default;
};

enum class CallState : std::uint8_t { active, ended };
enum class CostSource : std::uint8_t { unknown, reported, priced };

struct CallRow {
  Id call_id{};
  Instant start{};                      // column `time`
  std::optional<Instant> stored_start;  // the start under which the store has, or may have, this call; empty: never written
  Id agent_id{};
  std::string external_call_id;
  Dimensions dims;                      // dims[customer_id] is the tenant
  CallState state = CallState::active;
  std::optional<Instant> ended;         // when the call ended, however that was learnt
  Instant updated{};                    // event time of the newest event merged
  std::string phone_number, caller_number, call_outcome, resolution_status, end_reason, ext;
  Number duration_us, voice_latency_us, stt_latency_us, llm_latency_us, tts_latency_us;
  Number audio_quality_e4, conversation_quality_e4, stt_confidence_e4, satisfaction_e4, nps;
  Number cost_nano, tokens_consumed, error_count;
  CostSource cost_source = CostSource::unknown;
  bool escalated_flag = false;          // the sender's flag; see escalated()
  std::int64_t interventions = 0, turns = 0;
  Number quality_e4, efficiency_e4;     // derived, docs/metrics.md
  Number sample_weight;                 // how many calls it stands for, where a sampling rule kept it; else empty
  // Not stored: its turns and usage lie in [first, last], so that rollups follow the call's dimensions there; first > last: none do.
  Instant parts_first = Instant::max(), parts_last = Instant::min();
  bool removed = false;                 // no row any more, but the deletion of the one at (stored_start, call_id)

  // decisions.md 7: the flag, the status or the outcome.
  bool escalated() const {
    return escalated_flag || resolution_status == "escalated" || call_outcome == "transferred";
  }
};

struct TurnRow {
  Id call_id{};
  std::int64_t turn_number = 0;
  Instant time{};                       // event time, what queries count it at
  std::optional<Instant> stored_time;   // under which the store last wrote this turn; empty: never written
  bool agent_speaks = false;            // column speaker
  std::string text_content, state, intent, emotion, entities, tools, embedding, ext;
  std::string features;                 // a JSON object: text/analysis_json.h
  std::string sealed;                   // the text as written, encrypted; only where the customer's policy keeps it
  std::string topic_vector;             // little-endian float32 (text/topic_model.h); empty: none of its words is known, or not made yet
  std::string topic_version;            // of the model that was asked; empty: not asked yet
  std::optional<Instant> started, ended;
  Instant updated{};
  Number response_time_us, stt_latency_us, llm_latency_us, tts_latency_us, endpointing_us, confidence_e4;
  Number sentiment_e4, sentiment_confidence_e4;
  std::optional<bool> interrupted, backchannel;
  std::uint32_t topics = 0;             // bit set, names in text/
  bool removed = false;                 // no row any more, but the deletion of the one at (stored_time, call_id, turn_number)
};

struct UsageRow {
  Id id{};                              // the event's id: usage counts once
  Id call_id{};
  Instant time{};
  std::string model;                    // empty: the call's model counts (resolved when read)
  Number input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, audio_input_tokens,
      audio_output_tokens, stt_us, tts_characters, telephony_us;
  Number cost_nano;                     // reported, else priced; empty: no price known
  CostSource cost_source = CostSource::unknown;
  bool stored = false;                  // the store may have an older version of this row
  bool removed = false;                 // no row any more, but the deletion of the one at (time, id)
};

struct InterventionRow {
  Id id{}, call_id{};
  Instant time{};
  std::string kind, actor;
};

struct SystemRow {
  Id id{};
  Instant time{};
  std::string customer, region;
  Number concurrent_calls, cpu_e4, memory_e4, network_latency_us, error_rate_e4, availability_e4, sla_e4, max_capacity,
      utilization_e4, queue_depth;
};

struct AgentStatusRow {
  Id id{}, agent_id{};
  Instant time{};
  std::string customer, external_agent_id, status, region, agent_type;
  Number capacity;
};

struct MetricSeriesRow {  // who the narrow points below belong to; written when a series is first met
  std::uint64_t series = 0;  // series_identity() (model/metric_point.h)
  std::string customer, name, kind, unit, tags;  // tags: a JSON object with sorted keys, or empty
  double sample_rate = 1;
};

struct MetricPointRow {
  Instant time{};
  std::uint64_t series = 0;
  double value = 0;
};

struct MetricDistributionRow {
  Instant time{};
  std::uint64_t series = 0;
  std::int64_t count = 0;
  double sum = 0;
  std::optional<double> min, max;
  std::string sketch;        // RealSketch::serialise(), or empty
};

struct LearningRow {  // learning.pattern, learning.knowledge, learning.improvement; what a type has no member for stays empty
  Id id{};
  Instant time{};
  EventType type = EventType::learning_pattern;
  std::string customer;
  Id agent_id{};                        // empty: no agent named
  Dimensions dims;                      // dims[customer_id] is `customer`
  std::string pattern_id, name, outcome, replicated_from, graph_id, metric, ext;
  Number confidence_e4, nodes, edges, orphans, unanswered_questions;
  std::optional<double> before, after;
};

struct ChangeRow {  // a marker on charts
  Id id{};
  Instant time{};
  std::string customer;
  Id agent_id{};
  Dimensions dims;
  std::string what, version, hash, ext;
};

struct RawRow {  // raw_events: types without a table yet, so that every acknowledged event ends somewhere
  Id id{};
  Instant time{};
  std::string customer, type, source, id_text, data;  // data: the event's members as a JSON object
};

// What a minute, an hour or a day held of one customer and one value of one dimension.
struct RollupRow {
  Instant bucket{};
  Duration step{};
  std::string customer, dimension, value;  // dimension "" is the total; null value is value_is_null
  bool value_is_null = false;
  std::string tally, sketches;             // serialise_sums(), serialise_sketches() of aggregate/tally.h
};

// An event for a call that live state no longer holds: the store merges its known fields into the rows it has.
struct LateRow {
  Id id{}, call_id{};
  Instant time{};
  EventType type{};
  Rank rank{};
  Dimensions dims;                                          // those the event carried
  std::vector<std::pair<Field, std::int64_t>> numbers;      // in memory's units; words as their text below
  std::vector<std::pair<Field, std::string>> texts;
  std::string ext;
};

// All that changed between two offsets, written in one transaction together with applied = to.
struct RowBatch {
  std::uint64_t from = 0, to = 0;  // events (from, to] are in here; a store at `applied` takes it only if applied == from
  std::vector<CallRow> calls;
  std::vector<TurnRow> turns;
  std::vector<UsageRow> usage;
  std::vector<InterventionRow> interventions;
  std::vector<SystemRow> system;
  std::vector<AgentStatusRow> agent_status;
  std::vector<MetricSeriesRow> metric_series;
  std::vector<MetricPointRow> metric_points;  // of one series in the order of the log
  std::vector<MetricDistributionRow> metric_distributions;
  std::vector<LearningRow> learning;
  std::vector<ChangeRow> changes;
  std::vector<RawRow> raw;
  std::vector<RollupRow> rollups;
  std::vector<LateRow> late;

  bool empty() const { return size() == 0; }
  std::size_t size() const {
    return calls.size() + turns.size() + usage.size() + interventions.size() + system.size() + agent_status.size() +
           metric_series.size() + metric_points.size() + metric_distributions.size() + learning.size() + changes.size() +
           raw.size() + rollups.size() + late.size();
  }
};

}  // namespace aybiza
