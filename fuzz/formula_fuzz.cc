// A stranger's formula: never crashes, and what is accepted computes to a finite number or to nothing.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "query/formula.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aybiza;
  if (size > 2 * formula_bytes) return 0;
  const auto formula = parse_formula(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!formula) {
    CHECK(!formula.error().message.empty() && formula.error().parameter == "formula");
    return 0;
  }
  CHECK(!formula->measures.empty() && formula->measures.size() <= formula_measures && formula->steps.size() <= formula_steps);
  std::vector<std::optional<double>> figures(formula->measures.size());
  CHECK(!formula->plain() || !evaluate(*formula, figures));
  for (const double value : {0.0, 1.0, -2.5, 1e308}) {
    for (auto& figure : figures) figure = value;
    const auto computed = evaluate(*formula, figures);
    CHECK(!computed || std::isfinite(*computed));
  }
  return 0;
}
