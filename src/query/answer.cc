#include "query/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "codec/json_writer.h"

namespace aybiza {
namespace {

struct AppendFigure {
  std::string& out;
  void operator()(std::monostate) const { out += "null"; }
  void operator()(double value) const {
    append_json_number(out, value);
  }
  void operator()(const std::string& text) const { append_json_string(out, text); }
  void operator()(const Histogram& buckets) const {
    out += '[';
    for (const HistogramBucket& bucket : buckets) {
      if (&bucket != buckets.data()) out += ',';
      out += "[";
      append_json_number(out, bucket.low);
      out += ',';
      append_json_number(out, bucket.high);
      fmt::format_to(std::back_inserter(out), ",{}]", bucket.count);
    }
    out += ']';
  }
};

bool numeric_group(Dimension d) { return d == Dimension::hour_of_day || d == Dimension::day_of_week; }

Figure group_figure(const Group& group, const std::optional<std::string>& value) {
  if (!value) return {};
  if (numeric_group(group.dimension)) return std::strtod(value->c_str(), nullptr);
  return *value;
}

// null sorts after every value, also when descending: unknown is not the greatest.
int compare(const Figure& a, const Figure& b) {
  if (a.index() != b.index()) return a.index() < b.index() ? -1 : 1;
  if (const auto* x = std::get_if<double>(&a)) {
    const double y = std::get<double>(b);
    return *x < y ? -1 : *x > y ? 1 : 0;
  }
  if (const auto* x = std::get_if<std::string>(&a)) return x->compare(std::get<std::string>(b));
  return 0;
}

bool before(const std::vector<Figure>& a, const std::vector<Figure>& b, const std::vector<OrderBy>& order) {
  for (const OrderBy& by : order) {
    const Figure &x = a[by.column], &y = b[by.column];
    const bool unknown_x = x.index() == 0, unknown_y = y.index() == 0;
    if (unknown_x != unknown_y) return unknown_y;
    const int c = compare(x, y);
    if (c != 0) return by.descending ? c > 0 : c < 0;
  }
  return false;
}

void add_empty_buckets(const Question& question, const Grid& grid, Cells& cells) {
  if (!question.by.empty()) return;
  std::vector<Figure> empty;
  for (const Measure& measure : question.measures) empty.push_back(nothing(measure));
  for (std::size_t bucket = 0; bucket < grid.size(); ++bucket) cells.try_emplace(CellKey{bucket, {}}, empty);
}

// Standard errors travel behind the figures of their row until the rows are in order.
void append_errors(const Estimates& estimates, const CellKey& key, std::vector<Figure>& row) {
  if (estimates.measures.empty()) return;
  const auto at = estimates.errors.find(key);
  for (std::size_t i = 0; i < estimates.measures.size(); ++i) {
    const auto error = at == estimates.errors.end() ? std::nullopt : at->second[i];
    row.push_back(error ? Figure(*error) : Figure{});
  }
}

void take_errors(const Estimates& estimates, Answer& answer) {
  const std::size_t width = answer.columns.size(), first = width - estimates.measures.size();
  answer.estimate.assign(width, false);
  std::copy(estimates.measures.begin(), estimates.measures.end(), answer.estimate.begin() + std::ptrdiff_t(first));
  for (auto& row : answer.rows) {
    auto& errors = answer.standard_error.emplace_back(width);
    for (std::size_t i = 0; i < estimates.measures.size(); ++i)
      if (const auto* error = std::get_if<double>(&row[width + i])) errors[first + i] = *error;
    row.resize(width);
  }
  answer.notes.emplace_back("made from a sample: figures of the columns marked in estimate differ from those of the whole by about their standard_error (docs/sampling.md)");
}

void append_numbers(std::string& out, const std::vector<std::optional<double>>& numbers) {
  out += '[';
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (i != 0) out += ',';
    if (numbers[i]) append_json_number(out, *numbers[i]);
    else out += "null";
  }
  out += ']';
}

}  // namespace

Figure nothing(const Measure& measure) {
  if (measure.what == What::statistic && measure.statistic == Statistic::histogram) return Histogram{};
  switch (measure.what) {
    case What::calls: case What::active_calls: case What::active_agents: case What::successful_calls:
    case What::resolved_calls: case What::escalated_calls: case What::intervened_calls: case What::errors:
    case What::rated_calls: case What::turns: case What::interruptions:
    case What::learning_patterns: case What::active_patterns: case What::successful_patterns: case What::failed_patterns:
    case What::replicated_patterns: case What::improvements: case What::changes:
      return 0.0;
    case What::metric:
      if (measure.metric_aggregation == "count" || measure.metric_aggregation == "distinct") return 0.0;
      return {};
    default:
      return {};
  }
}

void Estimates::note(const Question& question, const CellKey& key, std::size_t measure, std::optional<double> error) {
  measures.resize(question.measures.size());
  measures[measure] = true;
  const auto [at, fresh] = errors.try_emplace(key);
  if (fresh) at->second.resize(question.measures.size());
  at->second[measure] = error;
}

Answer finish(const Question& question, const Grid& grid, Cells cells, Instant as_of, std::string source, const Estimates& estimates) {
  add_empty_buckets(question, grid, cells);
  Answer answer;
  answer.columns = columns(question);
  answer.as_of = as_of;
  answer.source = std::move(source);
  answer.relative_error.resize(answer.columns.size());
  const bool timed = question.step.count() != 0;
  std::vector<OrderBy> order = question.order;
  const std::size_t keys = (timed ? 1 : 0) + question.by.size();
  for (std::size_t i = 0; i < keys; ++i) order.push_back({i, false});
  for (auto& [key, values] : cells) {
    std::vector<Figure> row;
    if (timed) row.emplace_back(format_rfc3339(grid.start(key.bucket)));
    for (std::size_t i = 0; i < question.by.size(); ++i) row.push_back(group_figure(question.by[i], key.group[i]));
    for (Figure& value : values) row.push_back(std::move(value));
    append_errors(estimates, key, row);
    answer.rows.push_back(std::move(row));
  }
  std::stable_sort(answer.rows.begin(), answer.rows.end(),
                   [&](const auto& a, const auto& b) { return before(a, b, order); });
  if (answer.rows.size() > question.limit) {
    answer.rows.resize(question.limit);
    answer.truncated = true;
    answer.notes.push_back(fmt::format("cut at limit={}; ask with order and a larger limit for more", question.limit));
  }
  if (!estimates.measures.empty()) take_errors(estimates, answer);
  for (const Group& group : question.by)
    if (group.dimension == Dimension::topic)
      answer.notes.emplace_back("a turn may have several topics: rows may add up to more than the total");
  return answer;
}

std::string to_json(const Answer& answer) {
  std::string out = "{\"columns\":[";
  for (const std::string& column : answer.columns) {
    if (&column != answer.columns.data()) out += ',';
    append_json_string(out, column);
  }
  out += "],\"rows\":[";
  for (const auto& row : answer.rows) {
    out += &row == answer.rows.data() ? "[" : ",[";
    for (const Figure& cell : row) {
      if (&cell != row.data()) out += ',';
      std::visit(AppendFigure{out}, cell);
    }
    out += ']';
  }
  fmt::format_to(std::back_inserter(out), "],\"as_of\":\"{}\",\"source\":\"{}\",\"relative_error\":",
                 format_rfc3339(answer.as_of), answer.source);
  append_numbers(out, answer.relative_error);
  if (!answer.estimate.empty()) {
    out += ",\"estimate\":[";
    for (std::size_t i = 0; i < answer.estimate.size(); ++i) out.append(i == 0 ? "" : ",").append(answer.estimate[i] ? "true" : "false");
    out += "],\"standard_error\":[";
    for (const auto& row : answer.standard_error) {
      if (&row != answer.standard_error.data()) out += ',';
      append_numbers(out, row);
    }
    out += ']';
  }
  if (answer.truncated) out += ",\"truncated\":true";
  if (!answer.notes.empty()) {
    out += ",\"notes\":[";
    for (const std::string& note : answer.notes) {
      if (&note != answer.notes.data()) out += ',';
      append_json_string(out, note);
    }
    out += ']';
  }
  return out + "}";
}

std::string to_json(const Refusal& refusal) {
  std::string out = "{\"error\":{\"code\":";
  append_json_string(out, refusal.code);
  out += ",\"parameter\":";
  append_json_string(out, refusal.parameter);
  out += ",\"message\":";
  append_json_string(out, refusal.message);
  return out + "}}";
}

}  // namespace aybiza
