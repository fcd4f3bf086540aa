// What usage would have cost by another price list, without any of it being stored.
//
// Shape    the lines of the text are put into the directory's list as an import would; usage whose sender told its cost keeps it.
// Errors   invalid: the text, with line, field and remedy; of the store; unavailable when `stop` says so.
// Cost     that of a rerate's dry run: all usage of the range is read.
// Threads  any.
// Source   docs/money.md "What if".
#pragma once

#include <functional>

#include "server/price_file.h"
#include "store/rerate.h"

namespace aybiza {

Result<PriceBook> with_prices(const PriceBook& book, std::string_view text);
Result<RerateReport> what_if(Store& store, const PriceBook& book, std::string_view text, const Rerate& range, const std::function<bool()>& stop);

}  // namespace aybiza
