#include "assemble/price_shelf.h"

#include "base/limits.h"

namespace aybiza {

bool PriceShelf::put(std::string_view shipped, std::string_view file) {
  auto book = PriceBook::of(shipped, file);
  if (!book) return false;
  if (*book == books_.back()) return true;
  books_.push_back(std::move(*book));
  ++last_;
  if (books_.size() > limits::price_books_held) books_.pop_front();
  return true;
}

void PriceShelf::write(bytes::Writer& out) const {
  out.count(last_);
  out.count(books_.size());
  for (const PriceBook& book : books_) {
    out.text(book.shipped());
    out.text(book.file());
  }
}

bool PriceShelf::read(bytes::Reader& in) {
  const std::uint64_t last = in.count(), count = in.length(2);
  if (count == 0 || count > limits::price_books_held || last > UINT32_MAX || count > last + 1) return false;
  std::deque<PriceBook> books;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string_view shipped = in.text(), file = in.text();
    if (in.bad()) return false;
    auto book = PriceBook::of(shipped, file);
    if (!book) return false;
    books.push_back(std::move(*book));
  }
  books_ = std::move(books);
  last_ = std::uint32_t(last);
  return true;
}

}  // namespace aybiza
