// Sums of money as people type them into forms: "12,50", "1.234,50", "$1,250", "12 500".
//
// Shape    the last mark with one or two digits behind it is decimal, marks between groups of three digits group. One mark before exactly three digits
//          ("1.250") groups where the language groups by it, and is refused where it does not: it could be meant either way.
// Units    USD in, whole cents out.
// Errors   invalid, in English (dashboard/reasons.h translates), with how it is written in `t`'s language.
// Threads  pure.
// Source   docs/money.md "Budgets".
#pragma once

#include <cstdint>
#include <string_view>

#include "base/status.h"
#include "dashboard/texts.h"

namespace aybiza::dashboard {

inline constexpr std::size_t typed_amount_bytes = 64;

Result<std::int64_t> cents_of_typed(std::string_view typed, const Texts& t);

}  // namespace aybiza::dashboard
