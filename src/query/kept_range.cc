#include "query/kept_range.h"

#include <algorithm>

#include "query/concurrency.h"
#include "query/learning.h"
#include "query/sql_measures.h"

namespace aybiza {
namespace {

constexpr Duration reach = std::chrono::hours(24);  // a turn's call begins before the turn

}  // namespace

KeptRange kept_of(const Question& question, const Store& store) {
  KeptRange kept;
  const auto need = [&](Table table) { kept.rows = std::max(kept.rows, store.gone_before(table)); };
  for (const Measure& measure : question.measures) {
    if (measure.what == What::metric) {
      need(Table::metric_values), need(Table::metric_distributions);
      continue;
    }
    const Entity entity = entity_of(measure);
    if (entity == Entity::turn) need(Table::conversation_turns);
    if (entity == Entity::usage || measure.what == What::cost_usd) need(Table::usage_events);
    if (entity != Entity::metric) need(Table::call_analytics);
  }
  if (asks_learning(question)) need(Table::learning_events), need(Table::change_events);
  kept.rollups = {store.rollups_gone_before(std::chrono::minutes(1)), store.rollups_gone_before(std::chrono::hours(1)), store.rollups_gone_before(std::chrono::hours(24))};
  return kept;
}

std::shared_ptr<Store> store_for(Store& store, Instant from, Instant to) {
  const Instant archived = store.archived_before();
  const bool reaches = archived != Instant::min() && (from < Instant::min() + reach || from - reach < archived);
  return reaches ? store.with_archive(from, to) : std::shared_ptr<Store>(std::shared_ptr<Store>(), &store);
}

std::string gone_note(Instant gone, Instant from, Instant to) {
  return fmt::format("not_covered: rows before {} are gone by retention; {} to {} is left out", format_rfc3339(gone), format_rfc3339(from), format_rfc3339(to));
}

}  // namespace aybiza
