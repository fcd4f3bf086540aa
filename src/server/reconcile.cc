#include "server/reconcile.h"

#include <array>
#include <cmath>

#include "base/limits.h"
#include "codec/json_writer.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::string_view, 9> audited = {"calls", "successful_calls", "errors", "rated_calls", "turns",
                                                     "interruptions", "tokens", "cost_usd", "avg_duration_ms"};

Question audit_question(Instant from, Instant to, Source source, const std::vector<Filter>& where) {
  Question question;
  for (const std::string_view word : audited) question.measures.push_back(*parse_measure(word));
  question.from = from, question.to = to, question.step = 1min;
  question.source = source;
  question.where = where;
  question.limit = limits::query_rows_max;
  return question;
}

bool equal(const Figure& a, const Figure& b) {
  if (a.index() != b.index()) return false;
  const auto* x = std::get_if<double>(&a);
  if (x == nullptr) return true;
  const double y = std::get<double>(b);
  return *x == y || std::abs(*x - y) <= 1e-9 * std::max(std::abs(*x), std::abs(y));
}

std::optional<double> number(const Figure& figure) {
  const auto* value = std::get_if<double>(&figure);
  return value ? std::optional(*value) : std::nullopt;
}

std::vector<ReconcileDifference> compare(const Answer& live, const Answer& store) {
  std::vector<ReconcileDifference> found;
  for (std::size_t row = 0; row < std::min(live.rows.size(), store.rows.size()); ++row)
    for (std::size_t i = 1; i < live.columns.size(); ++i)
      if (!equal(live.rows[row][i], store.rows[row][i]))
        found.push_back({std::get<std::string>(live.rows[row][0]), live.columns[i], number(live.rows[row][i]), number(store.rows[row][i])});
  return found;
}

}  // namespace

Answered<Reconciled> reconcile(Pipeline& pipeline, std::chrono::minutes closed_after, const std::vector<Filter>& where) {
  const Instant now = pipeline.clock().now(), to = floor_to(now - closed_after, 1min);
  Answered<Answer> live, store;
  std::vector<ReconcileDifference> differences;
  Instant from{};
  // Late data may arrive between the two answers and move a closed minute: a difference counts only if it stays.
  for (int attempt = 0; attempt < 3; ++attempt) {
    for (const Duration back : {Duration(24h), Duration(6h), Duration(1h), Duration(15min)}) {  // as far as live state reaches
      from = to - back;
      live = pipeline.ask(audit_question(from, to, Source::live, where));
      if (live || live.error().code != "not_covered") break;
    }
    if (!live) return std::unexpected(live.error());
    store = pipeline.ask(audit_question(from, to, Source::store, where));
    if (!store) return std::unexpected(store.error());
    differences = compare(*live, *store);
    if (differences.empty()) break;
  }
  return Reconciled{.as_of = now, .from = from, .to = to, .minutes = live->rows.size(), .differences = std::move(differences)};
}

std::string to_json(const Reconciled& r) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("as_of", format_rfc3339(r.as_of)).member("from", format_rfc3339(r.from)).member("to", format_rfc3339(r.to));
  json.member("minutes", r.minutes).member("mismatches", r.differences.size());
  json.key("differences").begin_array();
  for (const ReconcileDifference& d : r.differences) {
    json.begin_object().member("time", d.time).member("measure", d.measure);
    json.key("live").number_or_null(d.live).key("store").number_or_null(d.store).end_object();
  }
  json.end_array().end_object();
  return out;
}

}  // namespace aybiza
