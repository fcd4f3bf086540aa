// Orders as bytes: each event that has the last word on something is told once, from then on by its place among them.
//
// Shape    the first `places` have one; further ones are told each time.
// Threads  values; none.
#pragma once

#include <algorithm>
#include <array>

#include "assemble/bytes.h"
#include "assemble/order.h"

namespace aybiza {

class OrderPlaces {
 public:
  void write(bytes::Writer& out, const Order& order) {
    const auto end = known_.begin() + std::ptrdiff_t(size_), at = std::find(known_.begin(), end, order);
    if (at != end) return out.byte(std::uint8_t(at - known_.begin() + 1));
    out.byte(0);
    out.byte(std::uint8_t(order.rank));
    out.instant(order.time, known_[0].time);
    out.id(order.id);
    take(order);
  }
  Order read(bytes::Reader& in) {
    const std::size_t place = in.byte();
    if (place > size_) in.refuse();
    if (place > 0) return place <= size_ ? known_[place - 1] : Order{};
    Order order{.rank = Rank(in.byte())};
    order.time = in.instant(known_[0].time);
    order.id = in.id();
    take(order);
    return order;
  }

 private:
  static constexpr std::size_t places = 8;
  void take(const Order& order) {
    if (size_ < places) known_[size_++] = order;
  }
  std::array<Order, places> known_{};
  std::size_t size_ = 0;
};

}  // namespace aybiza
