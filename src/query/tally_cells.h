// From the tally of a group to its figures: what live state and rollups have in common.
//
// Threads  pure functions.
#pragma once

#include <optional>
#include <vector>

#include "aggregate/tally.h"
#include "query/answer.h"

namespace aybiza {

// Fills the group's figures, and in `errors` (one per measure) how far they may be off, in `estimates` those of sampled calls. As in answers from rows a group is
// there only where rows of a kind that is asked for are.
void add_tally(const Question& question, const CellKey& key, const Tally& tally, Cells& cells, std::vector<std::optional<double>>& errors,
               Estimates& estimates);
void set_errors(const std::vector<std::optional<double>>& errors, Answer& answer);

}  // namespace aybiza
