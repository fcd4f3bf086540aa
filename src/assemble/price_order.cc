#include "assemble/price_order.h"

#include "assemble/bytes.h"

namespace aybiza {

std::string encode(const PriceOrder& order) {
  std::string out;
  bytes::Writer writer(out);
  writer.byte(std::uint8_t(order.what));
  if (order.what == PriceOrder::What::book) {
    writer.text(order.shipped);
    writer.text(order.file);
  } else {
    writer.instant(order.rerate.from);
    writer.instant(order.rerate.to);
    writer.text(order.rerate.customer);
  }
  return out;
}

std::optional<PriceOrder> decode_price_order(std::string_view from) {
  bytes::Reader in(from);
  PriceOrder order;
  order.what = PriceOrder::What(in.byte());
  if (order.what == PriceOrder::What::book) {
    order.shipped = in.text();
    order.file = in.text();
  } else if (order.what == PriceOrder::What::rerate) {
    order.rerate.from = in.instant();
    order.rerate.to = in.instant();
    order.rerate.customer = in.text();
  } else {
    return std::nullopt;
  }
  if (in.bad() || !in.done()) return std::nullopt;
  return order;
}

}  // namespace aybiza
