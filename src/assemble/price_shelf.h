// The price books by which usage that is still held was priced: the one in force and those before it.
//
// Shape    every usage keeps the number of its book, so that what is learnt late about its call (its model, its customer)
//          is priced as if it had been known. Numbers count from 0; the last limits::price_books_held books are kept.
// Errors   put() answers false for texts that are no price list, and changes nothing. find() of a book that is not kept any
//          more: nullptr, and the price stays as it is.
// Threads  none: owned by one shard.
#pragma once

#include <deque>

#include "assemble/bytes.h"
#include "assemble/price_book.h"

namespace aybiza {

class PriceShelf {
 public:
  explicit PriceShelf(PriceBook first) { books_.push_back(std::move(first)); }

  std::uint32_t current() const { return last_; }
  const PriceBook& book() const { return books_.back(); }
  const PriceBook* find(std::uint32_t number) const {
    return number <= last_ && last_ - number < books_.size() ? &books_[books_.size() - 1 - (last_ - number)] : nullptr;
  }
  bool put(std::string_view shipped, std::string_view file);

  void write(bytes::Writer& out) const;
  bool read(bytes::Reader& in);

 private:
  std::deque<PriceBook> books_;  // oldest first, never empty
  std::uint32_t last_ = 0;       // the number of the last
};

}  // namespace aybiza
