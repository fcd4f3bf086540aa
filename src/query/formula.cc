#include "query/formula.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/check.h"

namespace aybiza {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool begins_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool in_word(char c) { return begins_word(c) || is_digit(c) || c == '.' || c == ':'; }

// Recursive descent; every function leaves the steps of what it has read.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Answered<Formula> parse() {
    if (text_.size() > formula_bytes) return refuse("too_large", fmt::format("a formula is at most {} bytes", formula_bytes));
    sum();
    look();
    if (!refusal_ && at_ < text_.size()) complain("expected an operator (+ - * /) or the end");
    if (!refusal_ && formula_.measures.empty()) complain("names no measure; write for example errors / calls");
    if (refusal_) return std::unexpected(*refusal_);
    return std::move(formula_);
  }

 private:
  using Op = Formula::Op;
  static std::unexpected<Refusal> refuse(std::string_view code, std::string message) {
    return std::unexpected(Refusal{std::string(code), "formula", std::move(message)});
  }
  void complain(std::string_view what, std::string_view code = "invalid_formula") {
    if (!refusal_) refusal_ = Refusal{std::string(code), "formula", fmt::format("at character {}: {}", at_ + 1, what)};
  }
  char look() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char c) {
    if (look() != c || at_ >= text_.size()) return false;
    return ++at_, true;
  }
  void put(Op op, double number = 0, std::size_t measure = 0) {
    if (formula_.steps.size() == formula_steps) return complain(fmt::format("a formula has at most {} parts", formula_steps), "too_large");
    formula_.steps.push_back({op, number, measure});
  }

  void sum() {
    product();
    while (!refusal_) {
      if (take('+')) product(), put(Op::add);
      else if (take('-')) product(), put(Op::subtract);
      else return;
    }
  }
  void product() {
    factor();
    while (!refusal_) {
      if (take('*')) factor(), put(Op::multiply);
      else if (take('/')) factor(), put(Op::divide);
      else return;
    }
  }
  void factor() {
    if (refusal_) return;
    if (++depth_ > formula_depth) return complain(fmt::format("nested deeper than {}", formula_depth), "too_large");
    const char c = look();
    if (take('-')) factor(), put(Op::negate);
    else if (take('(')) sum(), close();
    else if (is_digit(c) || c == '.') number();
    else if (begins_word(c)) word();
    else complain(at_ >= text_.size() ? "ends where a measure, a number or '(' was expected" : "expected a measure, a number or '('");
    --depth_;
  }
  void close() {
    if (!refusal_ && !take(')')) complain("expected ')'");
  }
  void number() {
    double value = 0;
    const char* begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value, std::chars_format::fixed);
    if (error != std::errc() || !std::isfinite(value)) return complain("is not a number");
    at_ += std::size_t(end - begin);
    put(Op::number, value);
  }
  void word() {
    const std::size_t from = at_;
    while (at_ < text_.size() && in_word(text_[at_])) ++at_;
    const std::string_view name = text_.substr(from, at_ - from);
    if ((name == "min" || name == "max") && take('(')) {
      sum();
      if (!refusal_ && !take(',')) complain("expected ',' between the two of min or max");
      if (!refusal_) sum(), close(), put(name == "min" ? Op::least : Op::most);
      return;
    }
    auto measure = parse_measure(name);
    if (!measure) {
      at_ = from;
      return complain(fmt::format("'{}' is not a measure; known are {}", name, fmt::join(all_measures(), ", ")), "unknown_measure");
    }
    if (measure->moving || (measure->what == What::statistic && measure->statistic == Statistic::histogram)) {
      at_ = from;
      return complain(fmt::format("'{}' is not one number; moving averages and histograms cannot be computed with", name));
    }
    auto& all = formula_.measures;
    const auto known = std::ranges::find(all, name, &Measure::text);
    const std::size_t index = std::size_t(known - all.begin());
    if (known == all.end()) {
      if (all.size() == formula_measures) return complain(fmt::format("a formula names at most {} measures", formula_measures), "too_large");
      all.push_back(std::move(*measure));
    }
    put(Op::measure, 0, index);
  }

  std::string_view text_;
  std::size_t at_ = 0, depth_ = 0;
  Formula formula_;
  std::optional<Refusal> refusal_;
};

using Value = std::optional<double>;

Value finite(double value) { return std::isfinite(value) ? Value(value) : std::nullopt; }

Value combined(Formula::Op op, const Value& a, const Value& b) {
  using Op = Formula::Op;
  if (!a || !b) return std::nullopt;
  switch (op) {
    case Op::add: return finite(*a + *b);
    case Op::subtract: return finite(*a - *b);
    case Op::multiply: return finite(*a * *b);
    case Op::divide: return *b == 0 ? std::nullopt : finite(*a / *b);
    case Op::least: return std::min(*a, *b);
    case Op::most: return std::max(*a, *b);
    case Op::number:
    case Op::measure:
    case Op::negate: break;
  }
  return std::nullopt;
}

}  // namespace

Answered<Formula> parse_formula(std::string_view text) { return Parser(text).parse(); }

std::optional<double> evaluate(const Formula& formula, std::span<const std::optional<double>> figures) {
  CHECK(figures.size() == formula.measures.size());
  std::array<Value, formula_steps> stack;  // of the steps no more are ever open
  std::size_t depth = 0;
  for (const Formula::Step& step : formula.steps) {
    switch (step.op) {
      case Formula::Op::number: stack[depth++] = step.number; break;
      case Formula::Op::measure: stack[depth++] = figures[step.measure]; break;
      case Formula::Op::negate:
        CHECK(depth >= 1);
        if (stack[depth - 1]) stack[depth - 1] = -*stack[depth - 1];
        break;
      default:
        CHECK(depth >= 2);
        stack[depth - 2] = combined(step.op, stack[depth - 2], stack[depth - 1]);
        --depth;
    }
  }
  CHECK(depth == 1);
  return stack[0];
}

}  // namespace aybiza
