#include "store/sample_rows.h"

#include <set>

namespace aybiza {

CallRow& SampleRows::change_call() {
  const bool fresh = calls_.empty() || chance(40);
  const Id call_id = fresh ? id() : std::next(calls_.begin(), std::ptrdiff_t(below(calls_.size())))->first;
  CallRow& call = calls_[call_id];
  if (fresh) {
    call.call_id = call_id;
    call.external_call_id = "call-" + std::to_string(calls_.size());
    call.agent_id = id();
    call.start = time();
    call.dims[Field::customer_id] = "customer-" + std::to_string(below(3));
  }
  if (chance(10)) call.start = time();  // a better start was learnt
  for (std::size_t i = 1; i < dimension_field_count; ++i)
    if (chance(30)) call.dims.value[i] = word("d-", 5);
  call.state = chance(50) ? CallState::ended : CallState::active;
  call.ended = chance(50) ? std::optional(time()) : std::nullopt;
  call.updated = time();
  call.caller_number = word("tok_", 100);
  call.call_outcome = chance(50) ? "successful" : chance(50) ? "transferred" : "";
  call.resolution_status = word("resolved", 1);
  call.end_reason = word("reason", 4);
  call.ext = chance(20) ? "{\"a\":\"\xC3\xA9\"}" : "";
  call.duration_us = number(600'000'000);
  call.voice_latency_us = number(5'000'000);
  call.stt_latency_us = number(5'000'000);
  call.audio_quality_e4 = number(50'000);
  call.conversation_quality_e4 = number(50'000);
  call.satisfaction_e4 = number(50'000);
  call.nps = number(11);
  call.cost_nano = number(1'000'000'000'000'000);
  call.cost_source = call.cost_nano ? CostSource::priced : CostSource::unknown;
  call.tokens_consumed = number(1'000'000'000'000);
  call.error_count = number(3);
  call.escalated_flag = chance(10);
  call.interventions = std::int64_t(below(3));
  call.quality_e4 = number(10'000);
  call.efficiency_e4 = number(10'000);
  return call;
}

void SampleRows::change_turn(RowBatch& batch) {
  if (calls_.empty()) return;
  const Id call_id = std::next(calls_.begin(), std::ptrdiff_t(below(calls_.size())))->first;
  const auto turn_number = std::int64_t(below(30));
  TurnRow& turn = turns_[{call_id, turn_number}];
  if (!turn.stored_time || chance(20)) turn.time = time();
  turn.call_id = call_id;
  turn.turn_number = turn_number;
  turn.agent_speaks = turn_number % 2 == 0;
  turn.text_content = chance(80) ? "I was charged twice, \"please\" help " + std::to_string(below(1'000'000)) : "";
  turn.state = word("state", 5);
  turn.intent = word("intent", 9);
  turn.emotion = word("emotion", 6);
  turn.entities = chance(10) ? "[{\"class\":\"phone\"}]" : "";
  turn.tools = chance(10) ? "[{\"name\":\"crm\",\"ms\":12}]" : "";
  turn.embedding = chance(5) ? std::string("\0\0\x80\x3F\0\0\0\xC0", 8) : "";
  turn.topic_vector = chance(10) ? std::string("\0\0\0\x3F\0\0\x40\x3F", 8) : "";
  turn.topic_version = turn.topic_vector.empty() ? "" : "lsa1-of-a-test";
  turn.started = chance(50) ? std::optional(time()) : std::nullopt;
  turn.updated = time();
  turn.response_time_us = number(3'000'000);
  turn.llm_latency_us = number(3'000'000);
  turn.confidence_e4 = number(10'000);
  turn.sentiment_e4 = chance(40) ? Number(std::int64_t(below(20'001)) - 10'000) : Number();
  turn.interrupted = chance(50) ? std::optional(chance(20)) : std::nullopt;
  turn.topics = std::uint32_t(random_());
  turn.features = chance(80) ? "{\"length\":" + std::to_string(below(200)) + "}" : "";
  turn.sealed = chance(10) ? std::string("\0\xFF\x01", 3) + std::to_string(below(100)) : "";
  batch.turns.push_back(turn);
  turn.stored_time = turn.time;
  reach(call_id, turn.time);
}

void SampleRows::add_learning(RowBatch& batch) {
  Dimensions dims;
  const std::string customer = "customer-" + std::to_string(below(3));
  dims[Field::customer_id] = customer;
  if (chance(50)) dims[Field::agent_version] = word("v", 3);
  if (chance(20)) {
    batch.changes.push_back({.id = id(), .time = time(), .customer = customer, .agent_id = chance(50) ? id() : Id{}, .dims = std::move(dims),
                             .what = "prompt", .version = word("v", 3), .hash = word("h", 3), .ext = chance(30) ? "{\"a\":1}" : ""});
    return;
  }
  LearningRow row;
  row.id = id();
  row.time = time();
  row.type = EventType(int(EventType::learning_pattern) + int(below(3)));
  row.customer = customer;
  if (chance(50)) row.agent_id = id();
  row.dims = std::move(dims);
  if (row.type == EventType::learning_pattern) {
    row.pattern_id = "p" + std::to_string(below(9));
    row.name = word("apology", 3);
    row.outcome = word("success", 1);
    row.replicated_from = word("a-", 2);
    row.confidence_e4 = number(10'001);
  } else if (row.type == EventType::learning_knowledge) {
    row.graph_id = word("g", 3);
    row.nodes = std::int64_t(below(1000));
    row.edges = std::int64_t(below(1000));
    row.orphans = number(100);
    row.unanswered_questions = number(100);
  } else {
    row.metric = word("error_rate", 2);
    row.before = 0.25 * double(below(100));
    row.after = -0.5 * double(below(100));
  }
  batch.learning.push_back(std::move(row));
}

void SampleRows::reach(const Id& call, Instant part) {
  const auto [at, fresh] = parts_.try_emplace(call, part, part);
  at->second = {std::min(at->second.first, part), std::max(at->second.second, part)};
}

RowBatch SampleRows::next(std::size_t events) {
  RowBatch batch;
  batch.from = offset_;
  batch.to = offset_ += events;
  std::set<Id> changed;
  for (std::size_t i = 0; i < events; ++i) {
    const std::uint64_t kind = below(100);
    if (kind < 20) {
      changed.insert(change_call().call_id);
    } else if (kind < 65) {
      change_turn(batch);
    } else if (kind < 85 && !calls_.empty()) {
      const Instant used = time();
      reach(calls_.begin()->first, used);
      batch.usage.push_back({.id = id(), .call_id = calls_.begin()->first, .time = used, .model = word("model", 3),
                             .input_tokens = number(9'000), .stt_us = number(9'000'000), .cost_nano = number(1'000'000),
                             .cost_source = chance(50) ? CostSource::reported : CostSource::unknown});
    } else if (kind < 88 && !calls_.empty()) {
      batch.interventions.push_back({.id = id(), .call_id = calls_.begin()->first, .time = time(), .kind = "barge",
                                     .actor = word("person", 3)});
    } else if (kind < 91) {
      batch.system.push_back({.id = id(), .time = time(), .customer = word("customer-", 3), .region = "eu",
                              .concurrent_calls = number(100), .cpu_e4 = number(1'000'000), .error_rate_e4 = number(10'000)});
    } else if (kind < 93) {
      batch.agent_status.push_back({.id = id(), .agent_id = id(), .time = time(), .customer = "customer-1",
                                    .external_agent_id = word("a-", 4), .status = "busy", .region = "", .agent_type = "",
                                    .capacity = number(10)});
    } else if (kind < 95) {
      MetricSeriesRow series{.series = 0, .customer = word("customer-", 3), .name = chance(50) ? "queue.depth" : "queue.age", .kind = "summary", .unit = "",
                             .tags = chance(70) ? "{\"host\":\"" + word("h", 3) + "\"}" : "", .sample_rate = chance(30) ? 0.5 : 1};
      series.series = std::hash<std::string>{}(series.customer + series.name + series.tags + std::to_string(series.sample_rate));
      if (chance(80)) {
        batch.metric_points.push_back({time(), series.series, 0.1 * double(below(100)) - 2});
      } else {
        batch.metric_distributions.push_back({time(), series.series, 2, 3.5, {}, {}, ""});
        if (chance(50)) batch.metric_distributions.back().min = 1, batch.metric_distributions.back().max = 2.5;
      }
      batch.metric_series.push_back(std::move(series));
    } else if (kind < 96) {
      add_learning(batch);
    } else if (kind < 97) {
      batch.raw.push_back({.id = id(), .time = time(), .customer = "customer-2", .type = "of.tomorrow",
                           .source = "lab", .id_text = "", .data = "{\"name\":\"x\"}"});
    } else {
      RollupRow row{.bucket = floor_to(time(), std::chrono::minutes(10)), .step = std::chrono::minutes(chance(50) ? 1 : 60),
                    .customer = "customer-1", .dimension = chance(30) ? "" : "region", .value = "",
                    .value_is_null = false, .tally = std::string("\0\xFF", 2) + std::to_string(random_()),
                    .sketches = std::string("\0", 1) + std::to_string(below(9))};
      row.value_is_null = !row.dimension.empty() && chance(20);
      if (!row.dimension.empty() && !row.value_is_null) row.value = "r-" + std::to_string(below(3));
      batch.rollups.push_back(std::move(row));
    }
  }
  // One row per key and batch, the last of them: what a fold hands over.
  for (const Id& call : changed) {
    CallRow& row = calls_[call];
    if (const auto at = parts_.find(call); at != parts_.end()) std::tie(row.parts_first, row.parts_last) = at->second;
    batch.calls.push_back(row);
    row.stored_start = row.start;
  }
  // Late news of calls that are not in this batch; no start and no turn, whose places only the store would know then.
  for (std::size_t i = 0; i < events / 50 && !calls_.empty(); ++i) {
    const Id call = std::next(calls_.begin(), std::ptrdiff_t(below(calls_.size())))->first;
    if (changed.contains(call)) continue;
    LateRow row{.id = id(), .call_id = chance(95) ? call : id(), .time = time(), .type = EventType::call_rated,
                .rank = Rank::final_report, .dims = {}, .numbers = {{Field::nps, std::int64_t(below(11))}}, .texts = {}, .ext = {}};
    if (chance(30)) {
      row.type = EventType::usage, row.rank = Rank::live;
      reach(row.call_id, row.time);
      row.numbers = {{Field::input_tokens, std::int64_t(below(1000))}, {Field::cost_usd, std::int64_t(below(1'000'000))}};
      row.dims[Field::region] = word("d-", 5);
    }
    batch.late.push_back(std::move(row));
  }
  std::map<std::pair<Id, std::int64_t>, TurnRow> last_turns;
  for (TurnRow& turn : batch.turns) {
    auto [at, fresh] = last_turns.try_emplace({turn.call_id, turn.turn_number}, turn);
    if (fresh) continue;
    const auto stored = at->second.stored_time;  // as before this batch
    at->second = turn;
    at->second.stored_time = stored;
  }
  batch.turns.clear();
  for (auto& [key, turn] : last_turns) batch.turns.push_back(std::move(turn));
  std::map<std::tuple<Instant, Duration, std::string, bool, std::string>, RollupRow> last_rollups;
  for (RollupRow& row : batch.rollups)
    last_rollups.insert_or_assign({row.bucket, row.step, row.dimension, row.value_is_null, row.value}, row);
  batch.rollups.clear();
  for (auto& [key, row] : last_rollups) batch.rollups.push_back(std::move(row));
  return batch;
}

}  // namespace aybiza
