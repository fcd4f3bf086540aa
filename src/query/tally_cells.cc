#include "query/tally_cells.h"

#include <algorithm>

#include "query/concurrency.h"

namespace aybiza {
namespace {

// A group that only usage or turns reach has no calls of its own there, and the other way round: rows answers list a
// group for an entity only where it has rows, so an empty part makes no row.
bool has_rows(const Question& question, const Tally& tally) {
  return std::any_of(question.measures.begin(), question.measures.end(), [&](const Measure& m) {
    switch (entity_of(m)) {
      case Entity::call: return tally.calls && tally.calls->calls > 0;
      case Entity::turn: return tally.turns && tally.turns->turns > 0;
      case Entity::usage: return tally.usage && (tally.usage->usages > 0 || (m.what == What::cost_usd && tally.usage->cost.count > 0));
      default: return false;
    }
  });
}

}  // namespace

void add_tally(const Question& question, const CellKey& key, const Tally& tally, Cells& cells, std::vector<std::optional<double>>& errors,
               Estimates& estimates) {
  if (!question.by.empty() && !has_rows(question, tally)) return;
  auto& figures = row_of(question, cells, key);
  for (std::size_t i = 0; i < question.measures.size(); ++i) {
    if (const auto value = value_of(question.measures[i], tally)) figures[i] = *value;
    if (const auto error = relative_error_of(question.measures[i], tally)) errors[i] = std::max(errors[i].value_or(0), *error);
    if (is_estimate(question.measures[i], tally)) estimates.note(question, key, i, standard_error_of(question.measures[i], tally));
  }
}

void set_errors(const std::vector<std::optional<double>>& errors, Answer& answer) {
  std::copy(errors.begin(), errors.end(), answer.relative_error.end() - std::ptrdiff_t(errors.size()));
}

}  // namespace aybiza
