// A change too large for one message, taken in steps: a tree between the one the client holds and the one it shall hold.
//
// Shape    as far as the bytes reach, in the order of the page, the tree is as in `to`; behind that as in `from`. A row of a list changes as a whole, and
//          the list is that of `to` from its top down, then what is left of that of `from`. A step is never empty: what fits into none is taken alone.
// Cost     what changed, measured once per level of the tree above the place where the bytes end.
// Threads  pure.
// Source   Phoenix LiveView 1.2 wire format: any tree may follow any other.
#pragma once

#include "liveview/tree.h"

namespace aybiza::liveview {

// Of a message that answers nothing, less its envelope and what goes with each: 4 kB in all. A browser puts so much into a page within half a frame; more
// of it would hold up input and drawing.
inline constexpr std::size_t diff_bytes = 3'800;

// REQUIRES: both are roots of pages of one view. Equal to `to` when all of it fits.
Node step_towards(const Node& from, const Node& to, std::size_t bytes);

}  // namespace aybiza::liveview
