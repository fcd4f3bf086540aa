// Arithmetic over measures: "errors / calls * 100", parsed once, then computed for each row of an answer.
//
// Shape    numbers, measures by their words, + - * / with the usual precedence, unary minus, parentheses, min(a, b) and max(a, b).
//          A word may hold letters, digits, "_", "." and ":", so that metric:NAME:AGGREGATION is one.
// Units    wire units, as in /api/v1/query: shares 0..1, ms, USD.
// Errors   Refusal invalid_formula, unknown_measure or too_large, with the place and the remedy. Unknown is never zero: what is computed of
//          an unknown figure is unknown, and so is a division by zero and whatever is not a finite number.
// Cost     parse: O(text), at most formula_steps steps; evaluate: O(steps), no allocation.
// Threads  values; none.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "query/question.h"

namespace aybiza {

inline constexpr std::size_t formula_bytes = 400, formula_steps = 64, formula_measures = 8, formula_depth = 16;

struct Formula {
  enum class Op : std::uint8_t { number, measure, negate, add, subtract, multiply, divide, least, most };
  struct Step {  // in reverse Polish order
    Op op = Op::number;
    double number = 0;
    std::size_t measure = 0;  // index into measures
  };
  std::vector<Measure> measures;  // each once, in the order they are named
  std::vector<Step> steps;

  bool plain() const { return steps.size() == 1 && steps[0].op == Op::measure; }
};

Answered<Formula> parse_formula(std::string_view text);

// REQUIRES: one figure per measure of the formula.
std::optional<double> evaluate(const Formula& formula, std::span<const std::optional<double>> figures);

}  // namespace aybiza
