#include "live/change_marks.h"

#include <algorithm>

#include "base/limits.h"

namespace aybiza {

bool told_to(const ViewScope& scope, std::string_view customer, const Dimensions& dims) {
  const bool allowed = scope.customers.empty() || std::ranges::find(scope.customers, customer) != scope.customers.end();
  return allowed && (scope.customer.empty() || scope.customer == customer) && (scope.region.empty() || dims[Field::region].empty() || dims[Field::region] == scope.region);
}

std::vector<ChangePtr> changes_in(const LearningPartial& rows, const ViewScope& scope, const Range& range) {
  std::vector<ChangePtr> out;
  for (auto at = rows.changes.rbegin(); at != rows.changes.rend() && out.size() < limits::page_told; ++at)
    if ((*at)->time >= range.from && (*at)->time < range.to && told_to(scope, (*at)->customer, (*at)->dims)) out.push_back(*at);
  return out;
}

ChangeMarks compute_change_marks(const AskRows& rows, const ViewScope& scope, Instant now) {
  const Range range = range_of(scope, now);
  const auto found = rows({range.from, range.to, false, false, true});
  if (!found) return {{}, found.error().message};
  return {changes_in(*found, scope, range), ""};
}

}  // namespace aybiza
