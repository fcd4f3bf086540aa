// What an event of type `prices` says: which price book is in force from here on, or that usage is to be priced anew.
//
// Shape    the log carries both, so that every fold of it prices each usage by the same book: the one that was in force where
//          its event stands, or where the last re-rating that covered it stands. A book travels as the texts of both lists,
//          the shipped one too: another version of the program folds an old log to the old prices.
// Errors   decode answers nullopt for bytes that encode() does not write.
// Threads  values; none.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/units.h"

namespace aybiza {

struct Rerate {  // usage of [from, to), of one customer or (empty) of all, unless its sender told what it cost
  Instant from = Instant::min(), to = Instant::max();
  std::string customer;

  bool covers(Instant time, std::string_view whose) const {
    return time >= from && time < to && (customer.empty() || customer == whose);
  }
};

struct PriceOrder {
  enum class What : std::uint8_t { book = 1, rerate = 2 } what = What::book;
  std::string shipped, file;  // of a book
  Rerate rerate;
};

std::string encode(const PriceOrder& order);
std::optional<PriceOrder> decode_price_order(std::string_view bytes);

}  // namespace aybiza
