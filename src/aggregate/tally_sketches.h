// Sketches of a rollup straight into the tally they are summed up in.
//
// Errors   corrupt, as add_sketches(): what was merged into is not to be used then.
// Cost     one pass over the packed buckets: no sketch is made only to be merged.
// Threads  pure.
#pragma once

#include "aggregate/tally.h"

namespace aybiza {

// What serialise_sketches() wrote of the tally whose sums these are. REQUIRES: `into` has had `sums` merged into it, without sketches; `sums` has none.
Status merge_sketches(std::string_view bytes, const Tally& sums, Tally& into, std::uint8_t wanted = TallyParts::all_sketches);

}  // namespace aybiza
