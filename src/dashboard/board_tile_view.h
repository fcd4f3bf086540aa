// A built tile as people see it: its states, its chart, the table behind it, and its handles while the board is being edited.
//
// Shape    a component per tile, so that a tick sends what changed in it. A chart goes out whole once (board_chart), then as what changed
//          (board_chart_change).
// Errors   a tile whose question failed says why, alone.
// Threads  pure.
// Source   interface.md "A tile"; web/css/boards.css; web/js/hooks/board.js.
#pragma once

#include "dashboard/address.h"
#include "dashboard/board.h"
#include "dashboard/texts.h"
#include "liveview/html.h"

namespace aybiza::dashboard {

struct BoardTileInput {
  const PlacedTile& tile;
  const BuiltTile* state = nullptr;  // null: still loading
  Instant as_of{};
  bool editing = false;
  const Filters& filters;
  const Texts& texts;
};
liveview::Node board_tile(const BoardTileInput& input);

bool has_chart(Picture picture);
std::string board_chart(const TileSpec& spec, const BuiltTile& state, Instant as_of, Duration length, const Texts& t);
std::string board_chart_change(const TileSpec& spec, const BuiltTile& from, const BuiltTile& to, Instant as_of, const Texts& t);  // "": nothing

std::string show_value(const Texts& t, const TileSpec& spec, std::optional<double> value);  // in the tile's format

}  // namespace aybiza::dashboard
