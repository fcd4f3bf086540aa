// Finding what was said: a form, and the turns that were found, each leading to its place in its call.
//
// Shape    by words (the marked ones were looked for) or by meaning; over the range and filters of the page. Nothing asked for: no tile.
// Threads  pure.
// Source   interface.md "Conversations"; docs/search.md.
#pragma once

#include "dashboard/address.h"
#include "dashboard/source.h"
#include "liveview/html.h"

namespace aybiza::dashboard {

struct FoundState {
  Instant as_of{};
  Answered<FoundTurns> found;
};

inline constexpr std::size_t found_most = 20;

liveview::Node turn_search_form(const Filters& filters);
liveview::Node found_tile(const FoundState* state, const Filters& filters);  // null: it is being looked for
// The text in parts, every other one (from the second) one of `words`: for marks.
std::vector<std::string_view> marked_parts(std::string_view text, const std::vector<std::string>& words);

}  // namespace aybiza::dashboard
