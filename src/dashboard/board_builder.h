// The form in which a tile is built: what it asks, how it is drawn, how large it is.
//
// Threads  pure.
#pragma once

#include "dashboard/board.h"
#include "dashboard/texts.h"
#include "liveview/form.h"
#include "liveview/html.h"

namespace aybiza::dashboard {

struct BuilderDraft {
  int id = 0;                // of the tile; 0: a new one
  TileSpec spec;
  std::string where, error;  // the filters as they are typed, one a line
};

BuilderDraft draft_of(const PlacedTile& tile);
BuilderDraft draft_of(int id, const liveview::Form& form);
liveview::Node builder(const BuilderDraft& draft, const Texts& texts);

}  // namespace aybiza::dashboard
