#include "server/price_what_if.h"

namespace aybiza {

Result<PriceBook> with_prices(const PriceBook& book, std::string_view text) {
  const auto parsed = parse_prices(text, PriceOrigin::file);
  if (!parsed) return std::unexpected(parsed.error());
  if (parsed->rates.empty()) return fail(Code::invalid, "the list has no price; a line is kind, provider, model, usd, per, with tabs between (docs/money.md)");
  const auto merged = with_rates(book.file(), parsed->rates);
  if (!merged) return std::unexpected(merged.error());
  return PriceBook::of(book.shipped(), *merged);
}

Result<RerateReport> what_if(Store& store, const PriceBook& book, std::string_view text, const Rerate& range, const std::function<bool()>& stop) {
  const auto other = with_prices(book, text);
  if (!other) return std::unexpected(other.error());
  return rerate_preview(store, range, *other, stop);
}

}  // namespace aybiza
