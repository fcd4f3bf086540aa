// What was changed when: the changes of a range that a viewer may know of. Every chart over time marks them.
//
// Errors   a refused question becomes `error`.
// Threads  pure; `rows` may be slow and is called on a live thread.
// Source   interface.md "Learning"; docs/learning.md.
#pragma once

#include <functional>
#include <memory>

#include "live/overview.h"
#include "query/learning.h"

namespace aybiza {

using AskRows = std::function<Answered<LearningPartial>(const LearningQuestion&)>;
using ChangePtr = std::shared_ptr<const ChangeRow>;

// Whether what is told of `customer` and `dims` belongs to the scope. The agent of a page of one agent restricts calls; learning and
// changes are told of fleets too.
bool told_to(const ViewScope& scope, std::string_view customer, const Dimensions& dims);
// Of these rows the changes in the range, newest first, at most limits::page_told.
std::vector<ChangePtr> changes_in(const LearningPartial& rows, const ViewScope& scope, const Range& range);

struct ChangeMarks {
  std::vector<ChangePtr> changes;  // newest first
  std::string error;
};
ChangeMarks compute_change_marks(const AskRows& rows, const ViewScope& scope, Instant now);

}  // namespace aybiza
