#include "query/sql_frame.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "query/sql_measures.h"
#include "query/turn_labels.h"

namespace aybiza {
namespace {

std::uint32_t topic_bits(const Filter& filter) {
  std::uint32_t bits = 0;
  const auto names = topics_of(~0u);
  for (std::size_t i = 0; i < names.size(); ++i)
    if (std::find(filter.values.begin(), filter.values.end(), names[i]) != filter.values.end()) bits |= 1u << i;
  return bits;
}

std::string topic_list() {
  std::vector<std::string> rows;
  const auto names = topics_of(~0u);
  for (std::size_t i = 0; i < names.size(); ++i) rows.push_back(fmt::format("({}, '{}')", i, names[i]));
  return fmt::format("SELECT * FROM (VALUES {}) v(bit, name)", fmt::join(rows, ", "));
}

}  // namespace

std::string SqlFrame::group_by() const {
  std::string text = " GROUP BY bucket";
  for (std::size_t i = 0; i < keys; ++i) text += fmt::format(", g{}", i);
  return text;
}

SqlFrames::SqlFrames(const Question& question, const Grid& grid, const SqlDialect& dialect) : question_(question), grid_(grid), dialect_(dialect) {
  const auto note = [&](const Group& group) {
    if (group.dimension == Dimension::tag && std::find(tags_.begin(), tags_.end(), group.tag) == tags_.end()) tags_.push_back(group.tag);
  };
  for (const Group& group : question.by) note(group);
  for (const Filter& filter : question.where) note(filter.group);
}

bool SqlFrames::needs_calls(Entity entity, bool cost) const {
  if (entity == Entity::call) return true;
  const auto own = [&](Dimension d) { return (entity == Entity::turn && of_turn(d)) || d >= Dimension::hour_of_day; };
  return cost || std::any_of(question_.by.begin(), question_.by.end(), [&](const Group& g) { return !own(g.dimension); }) ||
         std::any_of(question_.where.begin(), question_.where.end(), [&](const Filter& f) { return !own(f.group.dimension); });
}

std::string SqlFrames::dimension(SqlText& sql, const Group& group, Entity entity) const {
  const Dimension d = group.dimension;
  const auto local = [&] { return fmt::format("timezone({}, {})", sql.bind(question_.zone), rowset(entity).time); };
  if (d == Dimension::hour_of_day) return fmt::format("CAST(extract(hour FROM {}) AS VARCHAR)", local());
  if (d == Dimension::day_of_week) return fmt::format("CAST(extract(isodow FROM {}) AS VARCHAR)", local());
  if (entity == Entity::metric && d == Dimension::customer_id) return "m.customer_id";
  if (d == Dimension::tag) {
    const auto at = std::find(tags_.begin(), tags_.end(), group.tag);
    return fmt::format("m.tag_{}", at - tags_.begin());
  }
  if (d == Dimension::topic) return "tp.name";
  if (of_turn(d)) return fmt::format("t.{}", turn_column(d));
  if (d == Dimension::model_used && entity == Entity::usage) return "coalesce(u.model, c.model_used)";
  return fmt::format("c.{}", call_column(d));
}

std::string SqlFrames::filter(SqlText& sql, const Filter& asked, Entity entity) const {
  std::string among;
  if (asked.group.dimension == Dimension::topic) {
    const std::uint32_t named = (1u << topics_of(~0u).size()) - 1;  // bits of a newer version have no name here
    among = fmt::format("((t.topics & {}) <> 0{})", topic_bits(asked),
                        asked.with_null ? fmt::format(" OR (t.topics & {}) = 0", named) : "");
  } else {
    const std::string column = dimension(sql, asked.group, entity);
    std::vector<std::string> values;
    for (const std::string& value : asked.values) values.push_back(sql.bind(value));
    among = values.empty() ? "(false" : fmt::format("(({0} IS NOT NULL AND {0} IN ({1}))", column, fmt::join(values, ", "));
    if (asked.with_null) among += fmt::format(" OR {} IS NULL", column);
    among += ')';
  }
  return asked.negated ? "NOT " + among : among;
}

SqlFrame SqlFrames::frame(SqlText& sql, Entity entity, bool moving, bool cost, std::string_view condition, std::string_view metric) const {
  const auto [tables, time] = rowset(entity);
  SqlFrame out;
  std::string from(needs_calls(entity, cost) ? tables : tables.substr(0, tables.find(" LEFT JOIN")));
  if (entity == Entity::metric) from = metric_rows(sql, metric);
  const bool arithmetic = !moving && grid_.uniform();
  if (arithmetic) {
    out.select = dialect_.bucket(time, to_micros(grid_.start(0)), grid_.width().count()) + " AS bucket";
  } else {
    out.select = "b.bucket AS bucket";
    from += fmt::format(" JOIN ({}) b ON epoch_us({}) >= b.low AND epoch_us({}) < b.high", bucket_list(moving), time, time);
  }
  const bool topics = std::any_of(question_.by.begin(), question_.by.end(),
                                  [](const Group& g) { return g.dimension == Dimension::topic; });
  if (entity == Entity::turn && topics) from += fmt::format(" LEFT JOIN ({}) tp ON (t.topics >> tp.bit) & 1 = 1", topic_list());
  for (const Group& group : question_.by)
    out.select += fmt::format(", {} AS g{}", dimension(sql, group, entity), out.keys++);
  const Instant low = moving ? grid_.from() - question_.moving : grid_.from();
  out.from = fmt::format(" FROM {} WHERE {} >= make_timestamptz({}) AND {} < make_timestamptz({})", from, time,
                           to_micros(low), time, to_micros(grid_.to()));
  for (const Filter& asked : question_.where) out.from += " AND " + filter(sql, asked, entity);
  out.from += condition;
  return out;
}

std::string SqlFrames::bucket_list(bool moving) const {
  std::vector<std::string> rows;
  for (std::size_t i = 0; i < grid_.size(); ++i) {
    const Instant high = std::min(grid_.end(i), grid_.to());
    const Instant low = moving ? high - question_.moving : std::max(grid_.start(i), grid_.from());
    rows.push_back(fmt::format("({}, {}, {})", i, to_micros(low), to_micros(high)));
  }
  return fmt::format("SELECT * FROM (VALUES {}) v(bucket, low, high)", fmt::join(rows, ", "));
}

// The points and distributions of one name beside their series, whose tags are read once per series and not per point.
std::string SqlFrames::metric_rows(SqlText& sql, std::string_view name) const {
  std::string tags;
  for (std::size_t i = 0; i < tags_.size(); ++i) {
    const std::string key = sql.bind(dialect_.json_key(tags_[i])), other = sql.bind(dialect_.json_key("__other__"));
    tags += fmt::format(", coalesce({}, {}) AS tag_{}", dialect_.json_member("tags", key), dialect_.json_member("tags", other), i);
  }
  return fmt::format(
      "(WITH s AS MATERIALIZED (SELECT series, customer_id, sample_rate{0} FROM metric_series WHERE name = {1}) "
      "SELECT v.time, s.*, v.{2} AS place, v.value, 1 / s.sample_rate AS n, v.value / s.sample_rate AS total, v.value AS low, "
      "v.value AS high, false AS sketched, NULL::{3} AS sketch FROM metric_values v JOIN s ON s.series = v.series UNION ALL "
      "SELECT d.time, s.*, d.{2}, NULL, d.count, d.sum, d.min, d.max, true, d.sketch FROM metric_distributions d JOIN s ON s.series = d.series) m",
      tags, sql.bind(name), dialect_.place(), dialect_.bytes());
}

}  // namespace aybiza
