// The bounds of what people make of the pages: preferences, boards.
// Threads  constants; none.
#pragma once

#include <cstddef>

#include "base/limits.h"

namespace aybiza::limits {

inline constexpr std::size_t preferences_bytes = 8 * KiB;     // of one person's file
inline constexpr std::size_t board_bytes = 32 * KiB;          // of a board as JSON, in and out
inline constexpr std::size_t board_name_bytes = 60;
inline constexpr std::size_t board_tiles = 24;
inline constexpr std::size_t board_title_bytes = 80;          // of a tile
inline constexpr std::size_t board_filters = 8, board_filter_bytes = 300;  // of a tile
inline constexpr std::size_t boards_most = 2'000, boards_per_person = 50;

}  // namespace aybiza::limits
