#include "query/sql_answer.h"

#include <fmt/format.h>

#include <algorithm>

#include "aggregate/sampling_error.h"
#include "base/limits.h"
#include "query/concurrency.h"
#include "query/kept_range.h"
#include "query/learning.h"
#include "query/rollup_answer.h"
#include "query/sampled_answer.h"
#include "query/sql_dialect.h"
#include "query/sql_frame.h"
#include "query/sql_measures.h"
#include "sketch/real_sketch.h"

namespace aybiza {
namespace {

class Asking {
 public:
  Asking(const Question& question, const Grid& grid, Store& store, Instant as_of, Duration deadline)
      : question_(question), grid_(grid), store_(store), frames_(question, grid, dialect_), as_of_(as_of), deadline_(deadline) {}
  // By measure; absent: exact.
  const std::map<std::size_t, double>& relative_error() const { return relative_error_; }
  const Estimates& estimates() const { return estimates_; }

  Answered<Cells> run() {
    const auto sampled = any_sampled(store_, grid_.from() - question_.moving, grid_.to(), deadline_);
    if (!sampled) return std::unexpected(sampled.error());
    for (const bool moving : {false, true})
      if (auto done = *sampled ? ask_sampled_calls(moving) : ask_entities(moving); !done) return std::unexpected(done.error());
    for (std::size_t i = 0; i < question_.measures.size(); ++i) {
      const Measure& m = question_.measures[i];
      Answered<void> done;
      if (m.what == What::metric) done = ask_metric(i);
      else if (*sampled) continue;
      else if (m.what == What::cost_usd) done = ask_reported_cost(i);
      else if (m.what == What::statistic && m.statistic == Statistic::histogram) done = ask_histogram(i);
      if (!done) return std::unexpected(done.error());
    }
    if (asks_occupancy(question_))
      if (auto done = ask_occupancy(); !done) return std::unexpected(done.error());
    if (asks_learning(question_)) {
      const auto rows = learning_from_store(learning_question(question_), store_);
      const auto zone = Zone::load(question_.zone);
      if (!rows) return std::unexpected(rows.error());
      add_learning(question_, grid_, *zone, *rows, cells_);
    }
    return std::move(cells_);
  }

 private:
  using Text = std::optional<std::string>;

  template <typename Take>
  Answered<void> each_row(const SqlText& sql, const std::string& text, Take&& take) const {
    auto rows = store_.sql(text, sql.params(), deadline_);
    if (!rows) return std::unexpected(Refusal{"unavailable", "source", rows.error().message});
    for (;;) {
      const auto more = (*rows)->next();
      if (!more) return std::unexpected(Refusal{"unavailable", "source", more.error().message});
      if (!*more) return {};
      for (std::size_t row = 0; row < (*rows)->row_count(); ++row) take(**rows, row);
    }
  }

  CellKey key_of(const Rows& rows, std::size_t row) const {
    CellKey key{std::size_t(as_integer(rows.cell(row, 0)).value_or(0)), {}};
    for (std::size_t i = 0; i < question_.by.size(); ++i) key.group.push_back(text_of(rows.cell(row, i + 1)));
    return key;
  }

  static Text text_of(const Cell& cell) {
    if (const auto* text = std::get_if<std::string_view>(&cell)) return std::string(*text);
    return std::nullopt;
  }

  static Figure figure_of(const Cell& cell) {
    const auto number = as_real(cell);
    return number ? Figure(*number) : Figure{};
  }

  Answered<void> ask_entities(bool moving) {
    for (const Entity entity : {Entity::call, Entity::turn, Entity::usage})
      if (auto done = ask_entity(entity, moving); !done) return done;
    return {};
  }

  Answered<void> ask_sampled_calls(bool moving) {
    const auto zone = Zone::load(question_.zone);
    if (!zone) return std::unexpected(Refusal{"unknown_zone", "tz", "unknown time zone " + question_.zone});
    return add_sampled(question_, grid_, *zone, store_, moving, deadline_, {cells_, relative_error_, estimates_});
  }

  Answered<void> ask_entity(Entity entity, bool moving) {
    std::vector<std::size_t> asked;
    std::string aggregates;
    bool cost = false;
    for (std::size_t i = 0; i < question_.measures.size(); ++i) {
      const Measure& m = question_.measures[i];
      const std::string text = measure_sql(m);
      if (text.empty() || m.moving != moving || entity_of(m) != entity) continue;
      asked.push_back(i);
      cost = cost || m.what == What::cost_usd;
      aggregates += ", " + text;
    }
    if (asked.empty()) return {};
    SqlText sql;
    const SqlFrame f = frames_.frame(sql, entity, moving, cost);
    return each_row(sql, "SELECT " + f.select + aggregates + f.from + f.group_by(), [&](const Rows& rows, std::size_t row) {
      auto& figures = row_of(question_, cells_, key_of(rows, row));
      for (std::size_t k = 0; k < asked.size(); ++k) figures[asked[k]] = figure_of(rows.cell(row, 1 + f.keys + k));
    });
  }

  // What calls report as their whole cost, at their start: added to what their usage would have said.
  Answered<void> ask_reported_cost(std::size_t column) {
    SqlText sql;
    const SqlFrame f = frames_.frame(sql, Entity::call, question_.measures[column].moving, false,
                          " AND c.cost_source = 'reported' AND c.cost_usd IS NOT NULL");
    return each_row(sql, "SELECT " + f.select + ", sum(c.cost_usd)" + f.from + f.group_by(), [&](const Rows& rows, std::size_t row) {
      Figure& figure = row_of(question_, cells_, key_of(rows, row))[column];
      const double more = as_real(rows.cell(row, 1 + f.keys)).value_or(0);
      figure = more + (std::holds_alternative<double>(figure) ? std::get<double>(figure) : 0);
    });
  }

  Answered<void> ask_histogram(std::size_t column) {
    const Measure& m = question_.measures[column];
    const Entity entity = entity_of(m);
    SqlText sql;
    const SqlFrame f = frames_.frame(sql, entity, false, false);
    std::string keys = "bucket";
    for (std::size_t i = 0; i < f.keys; ++i) keys += fmt::format(", g{}", i);
    const std::string text = fmt::format(
        "WITH base AS (SELECT {0}, {1}::DOUBLE PRECISION AS v {2}), edges AS (SELECT {3}, v, min(v) OVER w AS lo, max(v) OVER w AS hi"
        " FROM base WINDOW w AS (PARTITION BY {3})) SELECT {3}, lo, hi, CASE WHEN v IS NULL THEN NULL WHEN hi = lo THEN 0 ELSE"
        " least(19, CAST(floor((v - lo) / ((hi - lo) / 20)) AS BIGINT)) END AS i, count(*) FROM edges"
        " GROUP BY {3}, lo, hi, i ORDER BY i",
        f.select, column_of(m.quantity), f.from, keys);
    return each_row(sql, text, [&](const Rows& rows, std::size_t row) {
      const std::size_t at = 1 + f.keys;
      const double low = as_real(rows.cell(row, at)).value_or(0), high = as_real(rows.cell(row, at + 1)).value_or(0);
      auto& buckets = std::get<Histogram>(row_of(question_, cells_, key_of(rows, row))[column]);
      if (is_null(rows.cell(row, at + 2))) return;  // rows without the quantity: the group is there, its histogram is not
      if (buckets.empty() && low == high) buckets.push_back({low, high, 0});
      for (std::size_t i = 0; buckets.size() < 20 && low != high; ++i)
        buckets.push_back({low + double(i) * (high - low) / 20, low + double(i + 1) * (high - low) / 20, 0});
      buckets[std::size_t(as_integer(rows.cell(row, at + 2)).value_or(0))].count = as_integer(rows.cell(row, at + 3)).value_or(0);
    });
  }

  Answered<void> ask_occupancy() {
    SqlText sql;
    std::string select = "SELECT c.agent_id, epoch_us(c.time), CASE WHEN c.state = 'ended' THEN epoch_us(coalesce(c.ended_at, c.updated_at)) END";
    for (const Group& group : question_.by) select += ", " + frames_.dimension(sql, group, Entity::call);
    const bool samples = store_.samples();
    if (samples) select += ", c.sample_weight";
    std::string within;
    for (const Filter& filter : question_.where) within += " AND " + frames_.filter(sql, filter, Entity::call);
    // Those that began long before the range are few: only the long ones, and those nobody told the end of, reach into it.
    const auto began = [&](Instant low, Instant high, const std::string& and_so) {
      return fmt::format("{} FROM call_analytics c WHERE c.time >= make_timestamptz({}) AND c.time < make_timestamptz({}) AND (c.state = 'active' OR"
                         " greatest(epoch_us(coalesce(c.ended_at, c.updated_at)), epoch_us(c.time) + 1) > {}){}{}",
                         select, to_micros(low), to_micros(high), to_micros(grid_.from()), within, and_so);
    };
    const Instant near = grid_.from() - long_call;
    const std::string text = began(near, grid_.to(), "") + " UNION ALL " + began(grid_.from() - at_work_at_most, near, " AND " + dialect_.long_call("c"));
    std::map<GroupKey, GroupCalls> groups;
    auto done = each_row(sql, text, [&](const Rows& rows, std::size_t row) {
      GroupKey key;
      for (std::size_t i = 0; i < question_.by.size(); ++i) key.push_back(text_of(rows.cell(row, 3 + i)));
      const auto end = as_integer(rows.cell(row, 2));
      const auto cell = rows.cell(row, 0);
      const Id* agent = std::get_if<Id>(&cell);
      groups[key].intervals.push_back({from_micros(as_integer(rows.cell(row, 1)).value_or(0)), end ? from_micros(*end) : as_of_,
                             agent ? *agent : Id{}, samples ? as_integer(rows.cell(row, 3 + question_.by.size())).value_or(1) : 1});
    });
    if (!done) return done;
    std::vector<StatusChange> statuses;
    SqlText status_sql;
    done = each_row(status_sql,
                    fmt::format("SELECT agent_id, epoch_us(time), status = 'offline', capacity FROM agent_status"
                                " WHERE time < make_timestamptz({}) ORDER BY time, event_id", to_micros(grid_.to())),
                    [&](const Rows& rows, std::size_t row) {
                      const auto cell = rows.cell(row, 0);
                      const Id* agent = std::get_if<Id>(&cell);
                      statuses.push_back({agent ? *agent : Id{}, from_micros(as_integer(rows.cell(row, 1)).value_or(0)),
                                          as_integer(rows.cell(row, 2)).value_or(0) != 0,
                                          as_integer(rows.cell(row, 3)).value_or(1)});
                    });
    if (!done) return done;
    add_occupancy(question_, grid_, std::move(groups), statuses, cells_, estimates_);
    return {};
  }

  std::string metric_sql(const Measure& m) const {
    const std::string& how = m.metric_aggregation;
    if (how == "count") return "sum(m.n)";
    if (how == "sum" || how == "rate") return "sum(m.total)";
    if (how == "avg") return "sum(m.total) / sum(m.n)";
    if (how == "last") return dialect_.last("m.value", "NOT m.sketched");
    if (how == "min") return "CASE WHEN count(m.low) = count(*) THEN min(m.low) END";
    if (how == "max") return "CASE WHEN count(m.high) = count(*) THEN max(m.high) END";
    if (how == "distinct") return "count(DISTINCT m.value)";
    return fmt::format("percentile_cont(0.{}) WITHIN GROUP (ORDER BY m.value)", how.substr(1));
  }

  Answered<void> ask_metric(std::size_t column) {
    const Measure& m = question_.measures[column];
    if (m.metric_aggregation.starts_with('p')) {
      auto sketched = has_distributions(m);
      if (!sketched) return std::unexpected(sketched.error());
      if (*sketched) return ask_sketched(column);
    }
    SqlText sql;
    const SqlFrame f = frames_.frame(sql, Entity::metric, m.moving, false, "", m.metric_name);
    return each_row(sql, "SELECT " + f.select + ", " + metric_sql(m) + sampled_sql + f.from + f.group_by(), [&](const Rows& rows, std::size_t row) {
      const CellKey key = key_of(rows, row);
      Figure figure = figure_of(rows.cell(row, 1 + f.keys));
      const Instant low = std::max(grid_.start(key.bucket), grid_.from()), high = std::min(grid_.end(key.bucket), grid_.to());
      const double seconds = double((high - low).count()) / 1e6;
      if (m.metric_aggregation == "rate" && std::holds_alternative<double>(figure)) figure = std::get<double>(figure) / seconds;
      note_sampled(column, key, rows, row, 2 + f.keys, seconds);
      row_of(question_, cells_, key)[column] = std::move(figure);
    });
  }

  // Of points that stand for more than themselves, as SampledSums has it; then count and sum of all.
  static constexpr std::string_view sampled_text =
      ", sum(m.n * (m.n - 1)) FILTER (WHERE NOT m.sketched), sum(m.n * (m.n - 1) * m.value) FILTER (WHERE NOT m.sketched),"
      " sum(m.n * (m.n - 1) * m.value * m.value) FILTER (WHERE NOT m.sketched), sum(m.n), sum(m.total)";
  inline static const std::string sampled_sql{sampled_text};

  void note_sampled(std::size_t column, const CellKey& key, const Rows& rows, std::size_t row, std::size_t first, double seconds) {
    const auto number = [&](std::size_t i) { return as_real(rows.cell(row, first + i)).value_or(0); };
    const SampledSums sampled{number(0), number(1), number(2)};
    if (sampled.any()) estimates_.note(question_, key, column, sampled.standard_error(question_.measures[column].metric_aggregation, number(3), number(4), seconds));
  }

  Answered<bool> has_distributions(const Measure& m) const {
    SqlText sql;
    const SqlFrame f = frames_.frame(sql, Entity::metric, m.moving, false, "", m.metric_name);
    bool any = false;
    const auto done = each_row(sql, "SELECT count(*) FROM (SELECT 1" + f.from + " AND m.sketched LIMIT 1) one", [&](const Rows& rows, std::size_t row) {
      any = as_integer(rows.cell(row, 0)).value_or(0) > 0;
    });
    if (!done) return std::unexpected(done.error());
    return any;
  }

  // Where distributions are among the rows of a group, only the sketch of all of them can say a quantile.
  Answered<void> ask_sketched(std::size_t column) {
    const Measure& m = question_.measures[column];
    struct Merged {
      RealSketch sketch;
      std::vector<double> values;
      bool distributions = false, told = true;
    };
    std::map<CellKey, Merged> groups;
    SqlText sql;
    const SqlFrame f = frames_.frame(sql, Entity::metric, m.moving, false, "", m.metric_name);
    const auto done = each_row(sql, "SELECT " + f.select + ", m.value, m.sketch, NOT m.sketched AND m.n > 1" + f.from, [&](const Rows& rows, std::size_t row) {
      if (as_integer(rows.cell(row, 3 + f.keys)).value_or(0) != 0) estimates_.note(question_, key_of(rows, row), column, std::nullopt);
      Merged& merged = groups[key_of(rows, row)];
      if (const auto value = as_real(rows.cell(row, 1 + f.keys))) return merged.values.push_back(*value);
      merged.distributions = true;
      const Cell cell = rows.cell(row, 2 + f.keys);
      const auto* bytes = std::get_if<Blob>(&cell);
      auto read = bytes ? RealSketch::deserialise(bytes->bytes) : Result<RealSketch>(fail(Code::not_found, "no sketch"));
      if (read) merged.sketch.merge(*read);
      else merged.told = false;
    });
    if (!done) return done;
    const double q = std::stod("0." + m.metric_aggregation.substr(1));
    for (auto& [key, merged] : groups) {
      Figure figure;
      if (!merged.distributions) {
        std::sort(merged.values.begin(), merged.values.end());
        const double rank = q * double(merged.values.size() - 1);
        const auto below = std::size_t(rank);
        const double low = merged.values[below], high = merged.values[std::min(below + 1, merged.values.size() - 1)];
        figure = low + (high - low) * (rank - double(below));
      } else if (merged.told) {
        for (const double value : merged.values) merged.sketch.add(value);
        if (const auto value = merged.sketch.quantile(q)) figure = *value;
        relative_error_[column] = 0.005;
      }
      row_of(question_, cells_, key)[column] = std::move(figure);
    }
    return {};
  }

  const Question& question_;
  const Grid& grid_;
  Store& store_;
  const SqlDialect dialect_{store_.dialect()};
  const SqlFrames frames_;
  Instant as_of_;
  Duration deadline_;
  Cells cells_;
  std::map<std::size_t, double> relative_error_;
  Estimates estimates_;
};

}  // namespace

Answered<Answer> answer_from_sql(const Question& question, Store& live, Instant as_of, Duration deadline) {
  const auto zone = Zone::load(question.zone);
  if (!zone) return std::unexpected(Refusal{"unknown_zone", "tz", "unknown time zone " + question.zone});
  const auto grid = Grid::of(question, *zone);
  if (!grid) return std::unexpected(grid.error());
  const KeptRange kept = kept_of(question, live);
  auto rolled = answer_from_rollups(question, *grid, live, as_of, deadline, limits::rollup_least_range, kept);
  if (!rolled) return std::unexpected(rolled.error());
  if (*rolled) return std::move(**rolled);
  if (grid->to() <= kept.rows)
    return std::unexpected(Refusal{"not_covered", "from", gone_note(kept.rows, grid->from(), grid->to()) + ": rollups hold counts, sums and quantiles of calls, turns and usage by one dimension"});
  const auto store = store_for(live, grid->from() - question.moving, grid->to());
  Asking asking(question, *grid, *store, as_of, deadline);
  auto cells = asking.run();
  if (!cells) return std::unexpected(cells.error());
  Answer answer = finish(question, *grid, std::move(*cells), as_of, "store", asking.estimates());
  const std::size_t first = answer.columns.size() - question.measures.size();
  for (const auto& [measure, error] : asking.relative_error()) answer.relative_error[first + measure] = error;
  if (grid->from() < kept.rows) answer.notes.push_back(gone_note(kept.rows, grid->from(), kept.rows));
  return answer;
}

}  // namespace aybiza
