// Any bytes as a price list and as an order of the log: rates that are written as they are read, and costs that are never negative.
#include "assemble/price_order.h"
#include "assemble/price_shelf.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace aybiza;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(decode_price_order(text));
  bytes::Reader in(text);
  PriceShelf shelf(PriceBook::built_in());
  static_cast<void>(shelf.read(in));
  const auto parsed = parse_prices(text, PriceOrigin::file);
  if (!parsed) return 0;
  for (const PriceRate& rate : parsed->rates) {
    const auto again = parse_rate(to_line(rate));
    CHECK(again && again->key() == rate.key() && again->nano == rate.nano && again->per == rate.per);
  }
  const auto book = PriceBook::of(PriceBook::built_in().shipped(), text);
  CHECK(book);
  UsageRow usage{.time = from_micros(1'763'712'000'000'000), .model = "azure/m-2025-01-01", .input_tokens = 7, .output_tokens = INT64_MAX, .stt_us = 1};
  for (const PriceRate& rate : parsed->rates) {
    usage.model = rate.model;
    const Number cost = book->cost_of(usage, PriceContext{.customer = rate.customer, .provider_llm = rate.provider, .provider_stt = rate.provider});
    CHECK(!cost || *cost >= 0);
  }
  return 0;
}
