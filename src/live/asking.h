// What the page states share: questions over a scope, and figures taken out of answers.
//
// Threads  pure.
#pragma once

#include <span>

#include "live/overview.h"

namespace aybiza {

using Known = std::optional<double>;

// The scope's filters, one bucket, no grouping.
Question question_of(std::span<const std::string_view> measures, Instant from, Instant to, const ViewScope& scope);
// Columns count from 0, groups and time included; a column that is not there is unknown.
Known number_in(const std::vector<Figure>& row, std::size_t column);
// Whether any figure rests on sampled calls.
bool rests_on_sample(const Answer& answer);
// A tile's own figure, in the first row: an estimate, and by how much.
void note_sample(const Answer& answer, std::size_t column, TileState& tile);
std::string text_in(const Figure& figure);  // "" for what is no text

}  // namespace aybiza
