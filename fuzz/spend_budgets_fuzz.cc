// The budgets file: whatever its bytes are, it is refused or read, and what was read is written and read again as the same.
#include "base/check.h"
#include "live/spend_budget.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto budgets = aybiza::parse_budgets({reinterpret_cast<const char*>(data), size});
  if (!budgets) return 0;
  const auto again = aybiza::parse_budgets(aybiza::to_text(*budgets));
  CHECK(again && *again == *budgets);
  return 0;
}
