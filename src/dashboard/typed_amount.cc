#include "dashboard/typed_amount.h"

#include <algorithm>
#include <string>
#include <vector>

#include "dashboard/show.h"
#include "live/spend_budget.h"

namespace aybiza::dashboard {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

// What may stand around and between digits, every kind of space as one, so that a mark is a byte.
std::string with_plain_marks(std::string_view typed) {
  std::string out(typed);
  for (const std::string_view space : {"\u00a0", "\u2009", "\u202f", "\t"})
    for (std::size_t at; (at = out.find(space)) != out.npos;) out.replace(at, space.size(), " ");
  const auto trim = [&out] {
    const std::size_t first = out.find_first_not_of(' ');
    out = first == out.npos ? std::string() : out.substr(first, out.find_last_not_of(' ') + 1 - first);
  };
  trim();
  for (const std::string_view unit : {"USD", "US$", "$"}) {
    if (out.starts_with(unit)) out.erase(0, unit.size());
    if (out.ends_with(unit)) out.erase(out.size() - unit.size());
  }
  trim();
  return out;
}

// "1.234,50" as "1234.50"; "" if it is no number, or could be two.
std::string plain_number(std::string_view text, std::string_view group) {
  struct Run {
    char mark = 0;  // before it
    std::string digits;
  };
  std::vector<Run> runs(1);
  for (const char c : text) {
    if (digit(c)) runs.back().digits += c;
    else if (c == '.' || c == ',' || c == ' ' || c == '\'') runs.push_back({c, {}});
    else return "";
  }
  if (std::ranges::any_of(runs, [](const Run& run) { return run.digits.empty(); })) return "";
  std::string cents;
  if (const Run& last = runs.back(); runs.size() > 1 && (last.mark == '.' || last.mark == ',') && last.digits.size() <= 2) {
    cents = "." + last.digits;
    const char decimal = last.mark;
    runs.pop_back();
    if (std::ranges::any_of(runs, [&](const Run& run) { return run.mark == decimal; })) return "";
  }
  if (runs.size() == 2 && cents.empty() && (runs[1].mark == '.' || runs[1].mark == ',') && !group.contains(runs[1].mark)) return "";
  std::string whole = runs.front().digits;
  if (runs.size() > 1 && whole.size() > 3) return "";
  for (std::size_t i = 1; i < runs.size(); ++i) {
    if (runs[i].digits.size() != 3 || runs[i].mark != runs[1].mark) return "";
    whole += runs[i].digits;
  }
  return whole + cents;
}

}  // namespace

Result<std::int64_t> cents_of_typed(std::string_view typed, const Texts& t) {
  // English pages write thin spaces between thousands; people type commas.
  const std::string group = t.notation().decimal == "." ? std::string(",") : t.notation().group;
  const std::string plain = typed.size() <= typed_amount_bytes ? plain_number(with_plain_marks(typed), group) : std::string();
  if (plain.empty()) return fail(Code::invalid, "'{}' is not a sum of USD; write it as {}", typed.substr(0, typed_amount_bytes), show_number(t, 1250.5, 2));
  return parse_budget_usd(plain);
}

}  // namespace aybiza::dashboard
