#include "query/fact_scan.h"

#include <fmt/format.h>

#include "query/sql_measures.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

constexpr auto before = 24h, after = 1h;  // where the calls of turns and usage are looked for first

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
    if (scan_.calls) AYBIZA_TRY(calls());
    if (scan_.turns) AYBIZA_TRY(parts(turns_, [this](const Rows& rows, std::size_t row) { turn(rows, row); }));
    if (scan_.usage) AYBIZA_TRY(parts(usage_, [this](const Rows& rows, std::size_t row) { usage(rows, row); }));
    return {};
  }

 private:
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
        "c.quality_score, c.efficiency_score, c.total_duration_ms, c.voice_processing_latency_ms, c.cost_usd, c.cost_source "
        "FROM call_analytics c WHERE c.time >= $1 AND c.time < $2",
        dimension_columns(Entity::call));
    const Param range[] = {scan_.from, scan_.to};
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
    sink_.call(what, facts_of(call_));
  }

  template <typename Take>
  Status parts(const Part& part, Take&& take) {
    const std::string columns = fmt::format("SELECT {0}.time, {1}, {2} FROM {3} {0} ", part.alias, dimension_columns(part.entity), part.columns, part.table);
    const std::string range = fmt::format("{0}.time >= $1 AND {0}.time < $2", part.alias);
    constexpr std::string_view near = "c.time >= $3 AND c.time < $4";
    const Param params[] = {scan_.from, scan_.to, scan_.from - before, scan_.to + after};
    const auto found = each(fmt::format("{}JOIN call_analytics c ON c.call_id = {}.call_id AND {} WHERE {}", columns, part.alias, near, range), params, take);
    if (!found) return std::unexpected(found.error());
    std::int64_t all = 0;
    const auto counted = each(fmt::format("SELECT count(*) FROM {} {} WHERE {}", part.table, part.alias, range), std::span(params).first(2),
                              [&](const Rows& rows, std::size_t row) { all = as_integer(rows.cell(row, 0)).value_or(0); });
    if (!counted) return std::unexpected(counted.error());
    if (*found == all) return {};
    const auto rest = each(fmt::format("{}LEFT JOIN call_analytics c ON c.call_id = {}.call_id WHERE {} AND (c.time IS NULL OR NOT ({}))", columns,
                                       part.alias, range, near),
                           params, take);
    return rest ? Status{} : std::unexpected(rest.error());
  }

  void turn(const Rows& rows, std::size_t row) {
    FactRow what = row_of(rows, row);
    std::size_t column = own();
    const auto next = [&] { return rows.cell(row, column++); };
    const Cell speaker = next();
    const auto* word = std::get_if<std::string_view>(&speaker);
    turn_.agent_speaks = word && *word == "agent";
    what.topics = std::uint32_t(as_integer(next()).value_or(0));
    turn_.interrupted = as_integer(next()).value_or(0) != 0;
    turn_.sentiment_e4 = exact(next(), score);
    turn_.sentiment_confidence_e4 = exact(next(), score);
    turn_.response_time_us = amount(next(), millis);
    turn_.stt_latency_us = amount(next(), millis);
    turn_.llm_latency_us = amount(next(), millis);
    turn_.tts_latency_us = amount(next(), millis);
    sink_.turn(what, facts_of(turn_));
  }

  void usage(const Rows& rows, std::size_t row) {
    const FactRow what = row_of(rows, row);
    std::size_t column = own();
    const auto next = [&] { return rows.cell(row, column++); };
    const Cell source = next();
    const auto* word = std::get_if<std::string_view>(&source);
    used_.cost_nano = amount(next(), money);
    for (Number* kind : {&used_.input_tokens, &used_.cache_read_tokens, &used_.cache_write_tokens, &used_.output_tokens, &used_.reasoning_tokens,
                         &used_.audio_input_tokens, &used_.audio_output_tokens})
      *kind = as_integer(next());
    sink_.usage(what, facts_of(used_, word && *word == "reported"));
  }

  Store& store_;
  const FactScan& scan_;
  FactSink& sink_;
  Duration deadline_;
  std::vector<OptionalText> texts_;
  CallRow call_;  // used again: their texts keep their room
  TurnRow turn_;
  UsageRow used_;
};

}  // namespace

Status scan_facts(Store& store, const FactScan& scan, FactSink& sink, Duration deadline) {
  return Scanner(store, scan, sink, deadline).run();
}

}  // namespace aybiza
