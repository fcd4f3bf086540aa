#include "server/learning_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/limits.h"
#include "codec/json_writer.h"
#include "query/pattern_lives.h"

namespace aybiza {
namespace {

bool seen_by(const LearningScope& scope, std::string_view customer) {
  const bool allowed = scope.customers.empty() || std::find(scope.customers.begin(), scope.customers.end(), customer) != scope.customers.end();
  return allowed && (scope.customer.empty() || scope.customer == customer);
}

template <typename Row>
bool of_agent(const LearningScope& scope, const Row& row) {
  return scope.agent.empty() || row.dims[Field::agent_id] == scope.agent;
}

std::string_view word_of(Source source) { return source == Source::live ? "live" : "store"; }

void write_dimensions(JsonWriter& json, const Dimensions& dims) {
  for (std::size_t i = 0; i < dimension_field_count; ++i)
    if (!dims.value[i].empty()) json.member(name_of(Field(i)), dims.value[i]);
}

void write_number(JsonWriter& json, std::string_view name, const Number& number) {
  json.key(name);
  if (number) json.integer(*number);
  else json.null();
}

// Newest first, at most limits::learning_list, each written by `write`; answers whether some were left out.
template <typename Item, typename Write>
bool write_newest(JsonWriter& json, std::string_view name, const std::vector<Item>& items, Write&& write) {
  json.key(name).begin_array();
  const std::size_t count = std::min(items.size(), limits::learning_list);
  for (std::size_t i = 0; i < count; ++i) {
    json.begin_object();
    write(items[items.size() - 1 - i]);
    json.end_object();
  }
  json.end_array();
  return items.size() > count;
}

using Change = std::shared_ptr<const ChangeRow>;

bool write_changes(JsonWriter& json, const LearningScope& scope, const std::vector<Change>& rows) {
  std::vector<Change> shown;
  for (const Change& row : rows)
    if (seen_by(scope, row->customer) && of_agent(scope, *row) && (scope.what.empty() || scope.what == row->what)) shown.push_back(row);
  return write_newest(json, "changes", shown, [&](const Change& row) {
    json.member("time", format_rfc3339(row->time)).member("what", row->what);
    json.key("version").string_or_null(row->version).key("hash").string_or_null(row->hash);
    write_dimensions(json, row->dims);
  });
}

bool write_patterns(JsonWriter& json, const LearningScope& scope, const std::vector<Told>& rows) {
  return write_newest(json, "patterns", pattern_lives(rows, scope.from, [&](const LearningRow& row) { return seen_by(scope, row.customer); },
                                                         [&](const LearningRow& row) { return of_agent(scope, row); }), [&](const PatternLife& life) {
    json.member("pattern_id", life.last->pattern_id).member("customer_id", life.last->customer).member("name", life.name);
    json.key("outcome").string_or_null(life.outcome);
    json.key("confidence").number_or_null(life.confidence_e4 ? std::optional(double(*life.confidence_e4) / 1e4) : std::nullopt);
    json.key("replicated_from").string_or_null(life.replicated_from);
    json.member("discovered", format_rfc3339(life.first->time)).member("new", life.first->time >= scope.from);
    json.member("last_told", format_rfc3339(life.last->time)).member("events", life.events);
    json.key("agents").begin_array();
    for (const std::string& agent : life.agents) json.string(agent);
    json.end_array();
  });
}

struct GraphLife {
  struct Size { Number nodes, edges, orphans, questions; };
  std::string_view customer, id;
  Size before, now;            // as told last before the range, and last of all
  Instant told{};
};

void tell(GraphLife::Size& size, const LearningRow& row) {
  for (const auto& [into, from] : {std::pair(&size.nodes, &row.nodes), {&size.edges, &row.edges}, {&size.orphans, &row.orphans}, {&size.questions, &row.unanswered_questions}})
    if (*from) *into = *from;
}

bool write_graphs(JsonWriter& json, const LearningScope& scope, const std::vector<Told>& rows) {
  std::map<std::pair<std::string_view, std::string_view>, GraphLife> by_graph;
  for (const Told& row : rows) {  // in order of time
    if (row->type != EventType::learning_knowledge || !seen_by(scope, row->customer) || !of_agent(scope, *row)) continue;
    GraphLife& life = by_graph[{row->customer, row->graph_id}];
    life.customer = row->customer;
    life.id = row->graph_id;
    life.told = row->time;
    tell(life.now, *row);
    if (row->time < scope.from) tell(life.before, *row);
  }
  std::vector<GraphLife> lives;
  for (const auto& [key, life] : by_graph) lives.push_back(life);
  std::ranges::sort(lives, {}, [](const GraphLife& life) { return std::tuple(life.told, life.customer, life.id); });
  return write_newest(json, "knowledge", lives, [&](const GraphLife& life) {
    json.key("graph_id").string_or_null(life.id).member("customer_id", life.customer);
    write_number(json, "nodes", life.now.nodes), write_number(json, "edges", life.now.edges);
    write_number(json, "orphans", life.now.orphans), write_number(json, "unanswered_questions", life.now.questions);
    write_number(json, "nodes_before", life.before.nodes), write_number(json, "edges_before", life.before.edges);
    json.member("last_told", format_rfc3339(life.told));
  });
}

bool write_improvements(JsonWriter& json, const LearningScope& scope, const std::vector<Told>& rows) {
  std::vector<Told> shown;
  for (const Told& row : rows)
    if (row->type == EventType::learning_improvement && row->time >= scope.from && seen_by(scope, row->customer) && of_agent(scope, *row))
      shown.push_back(row);
  return write_newest(json, "improvements", shown, [&](const Told& row) {
    json.member("time", format_rfc3339(row->time)).member("metric", row->metric).key("before").number_or_null(row->before);
    json.key("after").number_or_null(row->after);
    const bool both = row->before && row->after;
    json.key("change").number_or_null(both ? std::optional(*row->after - *row->before) : std::nullopt);
    json.key("relative_change").number_or_null(both && *row->before != 0 ? std::optional((*row->after - *row->before) / std::abs(*row->before)) : std::nullopt);
    json.key("pattern_id").string_or_null(row->pattern_id);
    write_dimensions(json, row->dims);
  });
}

// Calls by the experiment and variant they were assigned to.
Answered<void> write_experiments(JsonWriter& json, Pipeline& pipeline, const LearningScope& scope) {
  Question question;
  for (const char* word : {"calls", "successful_calls", "success_rate", "resolution_rate", "escalation_rate", "error_rate", "avg_satisfaction",
                           "avg_duration_ms", "cost_per_call", "efficiency_score"})
    question.measures.push_back(*parse_measure(word));
  question.by = {{Dimension::experiment, ""}, {Dimension::variant, ""}};
  question.from = scope.from;
  question.to = scope.to;
  question.limit = limits::learning_list;
  question.source = scope.source;
  question.where.push_back({{Dimension::experiment, ""}, true, {}, true});  // not those without one
  if (!scope.customers.empty()) question.where.push_back({{Dimension::customer_id, ""}, false, scope.customers, false});
  if (!scope.customer.empty()) question.where.push_back({{Dimension::customer_id, ""}, false, {scope.customer}, false});
  if (!scope.agent.empty()) question.where.push_back({{Dimension::agent_id, ""}, false, {scope.agent}, false});
  const auto answer = pipeline.ask(question);
  if (!answer) return std::unexpected(answer.error());
  json.member("experiments_source", answer->source).key("experiments").begin_array();
  for (const auto& row : answer->rows) {
    json.begin_object();
    for (std::size_t i = 0; i < row.size(); ++i) {
      json.key(answer->columns[i]);
      if (const auto* number = std::get_if<double>(&row[i])) json.number(*number);
      else if (const auto* text = std::get_if<std::string>(&row[i])) json.string(*text);
      else json.null();
    }
    json.end_object();
  }
  json.end_array();
  return {};
}

void write_end(JsonWriter& json, Pipeline& pipeline, Source source, bool cut) {
  json.member("as_of", format_rfc3339(pipeline.clock().now())).member("source", word_of(source));
  if (cut) json.member("truncated", true);
  json.end_object();
}

}  // namespace

Answered<std::string> learning_json(Pipeline& pipeline, const LearningScope& scope) {
  Source source = scope.source;
  const auto rows = pipeline.learning({scope.from, scope.to}, source);
  if (!rows) return std::unexpected(rows.error());
  std::string out;
  JsonWriter json(out);
  json.begin_object().member("from", format_rfc3339(scope.from)).member("to", format_rfc3339(scope.to));
  bool cut = write_patterns(json, scope, rows->learning);
  cut = write_graphs(json, scope, rows->learning) || cut;
  cut = write_improvements(json, scope, rows->learning) || cut;
  if (auto done = write_experiments(json, pipeline, scope); !done) return std::unexpected(done.error());
  cut = write_changes(json, scope, rows->changes) || cut;
  write_end(json, pipeline, source, cut);
  return out;
}

Answered<std::string> changes_json(Pipeline& pipeline, const LearningScope& scope) {
  Source source = scope.source;
  const auto rows = pipeline.learning({scope.from, scope.to, false, false, true}, source);
  if (!rows) return std::unexpected(rows.error());
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  const bool cut = write_changes(json, scope, rows->changes);
  write_end(json, pipeline, source, cut);
  return out;
}

}  // namespace aybiza
