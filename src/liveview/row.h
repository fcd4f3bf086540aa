// A row of as many cells as there are: html_row<Head, Cell, Tail>(slots, cells) is html<Head Cell Cell … Tail>(slots…).
//
// Shape    head, cell and tail are written as for html<>; each cell has one hole. Beside a list of cells in a row this saves their keys and, where one
//          changes, the way to it: tables change in many cells at a time.
// Errors   those of html<>, at compile time. REQUIRES: as many slots as holes, cells <= row_cells.
// Threads  functions of their arguments; none.
#pragma once

#include "base/check.h"
#include "liveview/html.h"

namespace aybiza::liveview {

inline constexpr std::size_t row_cells = 32;

namespace detail {

template <markup::FixedString Head, markup::FixedString Cell, markup::FixedString Tail, std::size_t N>
consteval auto repeated() {
  constexpr std::size_t head = Head.view().size(), cell = Cell.view().size(), tail = Tail.view().size();
  char text[head + N * cell + tail + 1] = {};
  std::size_t at = 0;
  const auto put = [&](std::string_view piece) {
    for (const char c : piece) text[at++] = c;
  };
  put(Head.view());
  for (std::size_t i = 0; i < N; ++i) put(Cell.view());
  put(Tail.view());
  return markup::FixedString(text);
}

template <markup::FixedString Head, markup::FixedString Cell, markup::FixedString Tail, std::size_t N>
const Statics& row_statics() {
  constexpr auto source = repeated<Head, Cell, Tail, N>();
  assert_well_formed<source>();
  return Compiled<source>::statics;
}

}  // namespace detail

template <markup::FixedString Head, markup::FixedString Cell, markup::FixedString Tail>
Node html_row(std::vector<Node> slots, std::size_t cells) {
  using Statics_of = const Statics& (*)();
  static constexpr auto by_cells = []<std::size_t... N>(std::index_sequence<N...>) {
    return std::array<Statics_of, sizeof...(N)>{&detail::row_statics<Head, Cell, Tail, N>...};
  }(std::make_index_sequence<row_cells + 1>{});
  CHECK(cells <= row_cells);
  const Statics& statics = by_cells[cells]();
  CHECK(slots.size() + 1 == statics.pieces.size());
  return Node{make_template(statics, std::move(slots))};
}

}  // namespace aybiza::liveview
