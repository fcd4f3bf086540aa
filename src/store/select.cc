#include "store/select.h"

namespace aybiza {
namespace {

struct Source {
  std::string_view order;
  bool has_call = false, has_customer = false;
};

Source source_of(Table table) {
  switch (table) {
    case Table::call_analytics: return {"time, call_id", true, true};
    case Table::conversation_turns: return {"time, call_id, turn_number", true, false};
    case Table::usage_events:
    case Table::interventions: return {"time, event_id", true, false};
    case Table::system_performance_metrics:
    case Table::agent_status:
    case Table::learning_events:
    case Table::change_events:
    case Table::raw_events: return {"time, event_id", false, true};
    case Table::metric_series: return {"series", false, true};
    case Table::metric_values:
    case Table::metric_distributions: return {"time, series, {}", false, false};
    case Table::rollups: return {"bucket, step_seconds, customer_id, dimension, value NULLS LAST", false, true};
  }
  return {};
}

// What is told in the range, and of before it what still counts there: of each graph the newest row, and the newest ones
// that told of orphans and of unanswered questions; of each pattern its first.
Where learning_range(Instant from, Instant to) {
  constexpr std::string_view graph =
      "customer_id, graph_id, external_agent_id, agent_name, agent_type, agent_version, region, campaign, language, direction, channel, "
      "provider_stt, provider_llm, provider_tts, carrier, model_used, experiment, variant";
  const auto newest = [&](std::string_view told) {
    return fmt::format(
        "SELECT event_id FROM (SELECT event_id, row_number() OVER (PARTITION BY {} ORDER BY time DESC, event_id DESC) AS place "
        "FROM learning_events WHERE type = 'learning.knowledge' AND time < make_timestamptz({}::BIGINT){}) ranked WHERE place = 1",
        graph, to_micros(from), told);
  };
  Where where = time_range("time", Instant::min(), to);
  where.add(fmt::format(
      "(time >= make_timestamptz({0}::BIGINT) OR event_id IN ({1} UNION ALL {2} UNION ALL {3} UNION ALL "
      "SELECT event_id FROM (SELECT event_id, row_number() OVER (PARTITION BY customer_id, pattern_id ORDER BY time, event_id) AS place "
      "FROM learning_events WHERE type = 'learning.pattern') ranked WHERE place = 1))",
      to_micros(from), newest(""), newest(" AND orphans IS NOT NULL"), newest(" AND unanswered_questions IS NOT NULL")));
  return where;
}

// A call may have other usage at any time, and all of it is meant.
void add_rated(Where& where, const RowFilter::Rated& rated) {
  const std::string used = fmt::format("call_id IN (SELECT call_id FROM usage_events WHERE time >= make_timestamptz({}::BIGINT) AND "
                                       "time < make_timestamptz({}::BIGINT) AND cost_source IS DISTINCT FROM 'reported'",
                                       to_micros(rated.from), to_micros(rated.to));
  where.add(used + ")");
  if (!rated.customer.empty()) where.add("call_id IN (SELECT call_id FROM call_analytics WHERE customer_id =", std::string_view(rated.customer));
}

}  // namespace

std::string_view order_of(Table table) { return source_of(table).order; }

std::optional<Where> conditions(Table table, const RowFilter& filter, std::span<const Id> ids) {
  const Source source = source_of(table);
  if (!(filter.tables & bit(table)) || (filter.call && !source.has_call)) return std::nullopt;
  const bool narrow = table == Table::metric_values || table == Table::metric_distributions;
  if (filter.customer && !source.has_customer && !filter.call && !narrow) return std::nullopt;
  Where where;
  const bool before = table == Table::learning_events && filter.learning_before && filter.from != Instant::min();
  if (before) where = learning_range(filter.from, filter.to);
  else if (table != Table::metric_series) where = time_range(time_column(table), filter.from, filter.to);
  if (filter.customer && narrow)
    where.add("series IN (SELECT series FROM metric_series WHERE customer_id =", std::string_view(*filter.customer));
  if (filter.call) where.add("call_id =", *filter.call);
  if (filter.customer && source.has_customer) where.add("customer_id =", std::string_view(*filter.customer));
  if (filter.customer && !source.has_customer && !narrow)
    where.add("call_id IN (SELECT call_id FROM call_analytics WHERE customer_id =", std::string_view(*filter.customer));
  if (table == Table::rollups && filter.step)
    where.add("step_seconds =", std::int64_t(*filter.step / std::chrono::seconds(1)));
  if (table == Table::rollups && filter.dimension) where.add("dimension =", std::string_view(*filter.dimension));

  if (table == Table::conversation_turns && filter.without_topic)
    where.add("text_content IS NOT NULL AND topic_version IS DISTINCT FROM", std::string_view(*filter.without_topic));
  if (!ids.empty()) where.add_in("call_id", ids);
  if (filter.rated) add_rated(where, *filter.rated);
  return where;
}

void Where::add(std::string_view condition) {
  text_ += text_.empty() ? " WHERE " : " AND ";
  text_ += condition;
}

void Where::add(std::string_view condition, Param param) {
  params_.push_back(param);
  add(condition);
  text_ += fmt::format(" ${}", params_.size());
  // A condition may open one bracket of its own (a subquery).
  if (condition.find('(') != std::string_view::npos) text_ += ')';
}

void Where::add_in(std::string_view column, std::span<const Id> ids) {
  std::string list = fmt::format("{} IN (", column);
  for (const Id& id : ids) {
    params_.push_back(id);
    list += fmt::format("{}${}", &id == ids.data() ? "" : ", ", params_.size());
  }
  add(list + ")");
}

std::string_view time_column(Table table) { return table == Table::rollups ? "bucket" : "time"; }

Where time_range(std::string_view column, Instant from, Instant to) {
  Where where;
  if (from != Instant::min()) where.add(fmt::format("{} >=", column), from);
  if (to != Instant::max()) where.add(fmt::format("{} <", column), to);
  return where;
}

}  // namespace aybiza
