// A board: a name and the tiles that somebody has put on it, as values and as JSON.
//
// Shape    {"version":1,"name":"Night shift","tiles":[{"title","formula","by","where":[…],"picture","format","width","height"}…]}. What is left
//          out is at its default. A tile's id is its own for the board's life, so that it keeps its place in the browser.
// Errors   parse_board names the member, the reason and the remedy: "tiles[2].picture: 'pye' is not a picture; write number, line, …".
//          Nothing of a board that has one error is taken.
// Threads  values; none.
// Source   docs/boards.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "live/board_tile.h"

namespace aybiza::dashboard {

struct PlacedTile {
  int id = 0;  // unique on its board, from 1
  TileSpec spec;
  friend bool operator==(const PlacedTile&, const PlacedTile&) = default;
};

struct Board {
  std::string name;
  std::vector<PlacedTile> tiles;  // in the order they are laid out
  friend bool operator==(const Board&, const Board&) = default;

  PlacedTile* find(int id);
  int next_id() const;
};

std::string to_json(const Board& board);
Result<Board> parse_board(std::string_view json);

// invalid: what is wrong with it; of a tile with its member in front: "picture: …".
Status check_board_name(std::string_view name);
Status check_tile(const TileSpec& spec);

// What a new board begins with.
Board starter_board(std::string_view name);

}  // namespace aybiza::dashboard
