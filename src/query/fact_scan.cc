#include "query/fact_scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "query/sql_measures.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

// Where the calls of turns and usage are looked for, one window after the other until all are found: few calls are longer than an hour, and
// what is joined is every call of the window. A window holds the one before.
struct Window {
  Duration before, after;
};
constexpr Window windows[] = {{1h, 10min}, {24h, 1h}};
constexpr auto slice = 6h, around = 2h, after = 1h;  // of sampled calls: read at once; where the parts of a call lie that reaches into it; where they begin at the latest

// An integer of ours from a number the engine may scale as it likes.
Number exact(const Cell& cell, int scale) {
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) {
    std::int64_t value = *integer;
    for (int i = 0; i < scale; ++i) value *= 10;
    return value;
  }
  const auto* decimal = std::get_if<Decimal>(&cell);
  if (!decimal) return std::nullopt;
  std::int64_t value = decimal->unscaled;
  for (int i = decimal->scale; i < scale; ++i) value *= 10;
  for (int i = scale; i < decimal->scale; ++i) value /= 10;  // no column of ours has more digits than its scale
  return value;
}

constexpr int millis = 3, score = 4, money = 9;

// What sketches hold is not negative; a row that says otherwise is not believed.
Number amount(const Cell& cell, int scale) {
  const Number value = exact(cell, scale);
  return value && *value >= 0 ? value : Number();
}

class Scanner {
 public:
  Scanner(Store& store, const FactScan& scan, FactSink& sink, Duration deadline)
      : store_(store), scan_(scan), sink_(sink), deadline_(deadline), texts_(scan.dimensions.size()) {}

  Status run() {
    from_ = scan_.from, to_ = scan_.to;
    if (!samples_) return range();
    for (Instant at = scan_.from; at < scan_.to; at = to_) {
      from_ = at, to_ = std::min(scan_.to, floor_to(at, slice) + slice);
      AYBIZA_TRY(load_sampled());
      AYBIZA_TRY(range());
    }
    return {};
  }

 private:
  Status range() {
    if (scan_.calls) AYBIZA_TRY(calls());
    if (scan_.turns) AYBIZA_TRY(parts(turns_, [this](const Rows& rows, std::size_t row) { turn(rows, row); }));
    if (scan_.usage) AYBIZA_TRY(parts(usage_, [this](const Rows& rows, std::size_t row) { usage(rows, row); }));
    return {};
  }

  struct Part {
    std::string_view table, alias, columns;
    Entity entity;
  };
  static constexpr Part turns_{"conversation_turns", "t",
                               "t.speaker, t.topics, t.interrupted, t.sentiment_score, t.sentiment_confidence, t.response_time_ms, "
                               "t.stt_latency_ms, t.llm_latency_ms, t.tts_latency_ms",
                               Entity::turn};
  static constexpr Part usage_{"usage_events", "u",
                               "c.cost_source, u.cost_usd, u.input_tokens, u.cache_read_tokens, u.cache_write_tokens, u.output_tokens, "
                               "u.reasoning_tokens, u.audio_input_tokens, u.audio_output_tokens",
                               Entity::usage};

  std::string dimension_columns(Entity entity) const {
    std::string out = "c.customer_id";
    for (const Dimension d : scan_.dimensions) {
      if (of_turn(d) && (entity != Entity::turn || d == Dimension::topic)) out += ", NULL";
      else if (of_turn(d)) out += fmt::format(", t.{}", turn_column(d));
      else if (d == Dimension::model_used && entity == Entity::usage) out += ", coalesce(u.model, c.model_used)";
      else out += fmt::format(", c.{}", call_column(d));
    }
    return out;
  }

  template <typename Take>
  Result<std::int64_t> each(const std::string& text, std::span<const Param> params, Take&& take) {
    auto rows = store_.sql(text, params, deadline_);
    if (!rows) return std::unexpected(rows.error());
    for (std::int64_t count = 0;;) {
      const auto more = (*rows)->next();
      if (!more) return std::unexpected(more.error());
      if (!*more) return count;
      if (scan_.stop && scan_.stop()) return fail(Code::unavailable, "the scan was stopped");
      for (std::size_t row = 0; row < (*rows)->row_count(); ++row) take(**rows, row);
      count += std::int64_t((*rows)->row_count());
    }
  }

  // time, customer and dimensions come first in every statement; then what is the entity's own.
  FactRow row_of(const Rows& rows, std::size_t row) {
    const auto text = [&](std::size_t column) {
      const Cell cell = rows.cell(row, column);
      const auto* found = std::get_if<std::string_view>(&cell);
      return found ? OptionalText(*found) : OptionalText();
    };
    FactRow out;
    const Cell time = rows.cell(row, 0);
    if (const auto* at = std::get_if<Instant>(&time)) out.time = *at;
    out.customer = text(1);
    for (std::size_t i = 0; i < texts_.size(); ++i) texts_[i] = text(2 + i);
    out.dimensions = texts_;
    return out;
  }
  std::size_t own() const { return 2 + texts_.size(); }

  Status calls() {
    const std::string text = fmt::format(
        "SELECT c.time, {}, c.call_outcome, c.resolution_status, c.escalated, c.interventions, c.error_count, c.customer_satisfaction_score, "
        "c.quality_score, c.efficiency_score, c.total_duration_ms, c.voice_processing_latency_ms, c.cost_usd, c.cost_source{} "
        "FROM call_analytics c WHERE c.time >= $1 AND c.time < $2",
        dimension_columns(Entity::call), samples_ ? ", c.sample_weight" : "");
    const Param range[] = {from_, to_};
    const auto done = each(text, range, [this](const Rows& rows, std::size_t row) { call(rows, row); });
    return done ? Status{} : std::unexpected(done.error());
  }

  void call(const Rows& rows, std::size_t row) {
    const FactRow what = row_of(rows, row);
    std::size_t column = own();
    const auto next = [&] { return rows.cell(row, column++); };
    const auto text = [&](std::string& into) {
      const Cell cell = next();
      const auto* found = std::get_if<std::string_view>(&cell);
      into = found ? *found : std::string_view();
    };
    text(call_.call_outcome);
    text(call_.resolution_status);
    call_.escalated_flag = as_integer(next()).value_or(0) != 0;
    call_.interventions = as_integer(next()).value_or(0);
    call_.error_count = as_integer(next());
    call_.satisfaction_e4 = exact(next(), score);
    call_.quality_e4 = exact(next(), score);
    call_.efficiency_e4 = exact(next(), score);
    call_.duration_us = amount(next(), millis);
    call_.voice_latency_us = amount(next(), millis);
    call_.cost_nano = amount(next(), money);
    const Cell source = next();
    const auto* word = std::get_if<std::string_view>(&source);
    call_.cost_source = word && *word == "reported" ? CostSource::reported : CostSource::unknown;
    if (samples_) call_.sample_weight = as_integer(next());
    sink_.call(what, facts_of(call_));
  }

  template <typename Take>
  Status parts(const Part& part, Take&& take) {
    const std::string columns = fmt::format("SELECT {0}.time, {1}, {2}{4} FROM {3} {0} ", part.alias, dimension_columns(part.entity), part.columns, part.table,
                                            samples_ ? fmt::format(", c.sample_weight, {}.call_id", part.alias) : "");
    const std::string range = fmt::format("{0}.time >= $1 AND {0}.time < $2", part.alias);
    const Param mine[] = {from_, to_};
    std::int64_t left = 0;
    const auto counted = each(fmt::format("SELECT count(*) FROM {} {} WHERE {}", part.table, part.alias, range), mine,
                              [&](const Rows& rows, std::size_t row) { left = as_integer(rows.cell(row, 0)).value_or(0); });
    if (!counted) return std::unexpected(counted.error());
    std::vector<Param> searched;  // the window in which the calls of what is left are not
    for (const Window& window : windows) {
      if (left <= 0) return {};
      std::vector<Param> params{from_, to_, from_ - window.before, to_ + window.after};
      params.insert(params.end(), searched.begin(), searched.end());
      const auto found = each(fmt::format("{}JOIN call_analytics c ON c.call_id = {}.call_id AND c.time >= $3 AND c.time < $4{} WHERE {}", columns, part.alias,
                                          searched.empty() ? "" : " AND NOT (c.time >= $5 AND c.time < $6)", range),
                              params, take);
      if (!found) return std::unexpected(found.error());
      left -= *found;
      searched.assign(params.begin() + 2, params.begin() + 4);
    }
    if (left <= 0) return {};
    const Param params[] = {from_, to_, searched[0], searched[1]};
    const auto rest = each(fmt::format("{}LEFT JOIN call_analytics c ON c.call_id = {}.call_id WHERE {} AND (c.time IS NULL OR NOT (c.time >= $3 AND c.time < $4))",
                                       columns, part.alias, range),
                           params, take);
    return rest ? Status{} : std::unexpected(rest.error());
  }

  // A turn's own columns from `column` on, which then is the next one.
  TurnFacts turn_facts(const Rows& rows, std::size_t row, std::size_t& column, std::uint32_t& topics) {
    const auto next = [&] { return rows.cell(row, column++); };
    const Cell speaker = next();
    const auto* word = std::get_if<std::string_view>(&speaker);
    turn_.agent_speaks = word && *word == "agent";
    topics = std::uint32_t(as_integer(next()).value_or(0));
    turn_.interrupted = as_integer(next()).value_or(0) != 0;
    turn_.sentiment_e4 = exact(next(), score);
    turn_.sentiment_confidence_e4 = exact(next(), score);
    turn_.response_time_us = amount(next(), millis);
    turn_.stt_latency_us = amount(next(), millis);
    turn_.llm_latency_us = amount(next(), millis);
    turn_.tts_latency_us = amount(next(), millis);
    return facts_of(turn_);
  }

  void turn(const Rows& rows, std::size_t row) {
    FactRow what = row_of(rows, row);
    std::size_t column = own();
    const TurnFacts facts = turn_facts(rows, row, column, what.topics);
    if (samples_) what.sampled = sampled(rows, row, column, facts);
    sink_.turn(what, facts);
  }

  UsageFacts usage_facts(const Rows& rows, std::size_t row, std::size_t& column) {
    const auto next = [&] { return rows.cell(row, column++); };
    const Cell source = next();
    const auto* word = std::get_if<std::string_view>(&source);
    used_.cost_nano = amount(next(), money);
    for (Number* kind : {&used_.input_tokens, &used_.cache_read_tokens, &used_.cache_write_tokens, &used_.output_tokens, &used_.reasoning_tokens,
                         &used_.audio_input_tokens, &used_.audio_output_tokens})
      *kind = as_integer(next());
    return facts_of(used_, word && *word == "reported");
  }

  void usage(const Rows& rows, std::size_t row) {
    FactRow what = row_of(rows, row);
    std::size_t column = own();
    const UsageFacts facts = usage_facts(rows, row, column);
    if (samples_) what.sampled = sampled(rows, row, column, facts);
    sink_.usage(what, facts);
  }

  // What the call of a part comes to: its weight and id stand at `column`.
  const SampledCall* sampled(const Rows& rows, std::size_t row, std::size_t column, const auto& facts) {
    const std::int64_t weight = as_integer(rows.cell(row, column)).value_or(1);
    if (weight <= 1) return nullptr;
    const Cell cell = rows.cell(row, column + 1);
    const auto* id = std::get_if<Id>(&cell);
    const auto known = id ? sampled_.find(*id) : sampled_.end();
    if (known != sampled_.end()) return &known->second;
    lonely_ = SampledCall{.weight = weight};
    lonely_.add(facts);
    return &lonely_;
  }

  // Every sampled call that reaches into the slice, with its turns and usage within two hours around it.
  Status load_sampled() {
    sampled_.clear();
    const Param params[] = {from_, to_ + after, from_ - around, to_ + around};
    constexpr std::string_view calls = "c.sample_weight > 1 AND c.time < $2 AND (c.updated_at >= $1 OR c.ended_at >= $1)";
    const auto part = [&](const Part& what, auto&& take) -> Status {
      const auto done = each(fmt::format("SELECT {0}.call_id, c.sample_weight, {1} FROM {2} {0} JOIN call_analytics c ON c.call_id = {0}.call_id "
                                         "WHERE {3} AND {0}.time >= $3 AND {0}.time < $4", what.alias, what.columns, what.table, calls),
                             params, [&](const Rows& rows, std::size_t row) {
        const Cell cell = rows.cell(row, 0);
        const auto* id = std::get_if<Id>(&cell);
        if (!id) return;
        SampledCall& call = sampled_[*id];
        call.weight = as_integer(rows.cell(row, 1)).value_or(1);
        std::size_t column = 2;
        call.add(take(rows, row, column));
      });
      return done ? Status{} : std::unexpected(done.error());
    };
    std::uint32_t topics = 0;
    if (scan_.turns) AYBIZA_TRY(part(turns_, [&](const Rows& rows, std::size_t row, std::size_t& column) { return turn_facts(rows, row, column, topics); }));
    if (scan_.usage) AYBIZA_TRY(part(usage_, [&](const Rows& rows, std::size_t row, std::size_t& column) { return usage_facts(rows, row, column); }));
    return {};
  }

  Store& store_;
  const FactScan& scan_;
  FactSink& sink_;
  Duration deadline_;
  const bool samples_ = store_.samples();
  Instant from_{}, to_{};  // of the slice at hand
  std::vector<OptionalText> texts_;
  std::unordered_map<Id, SampledCall, IdHash> sampled_;
  SampledCall lonely_;     // of a part whose call reaches further than is looked
  CallRow call_;  // used again: their texts keep their room
  TurnRow turn_;
  UsageRow used_;
};

}  // namespace

Status scan_facts(Store& store, const FactScan& scan, FactSink& sink, Duration deadline) {
  return Scanner(store, scan, sink, deadline).run();
}

}  // namespace aybiza
