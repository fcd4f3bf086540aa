#include "live/experiments.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>

#include "base/limits.h"

namespace aybiza {
namespace {

constexpr std::string_view averages[] = {"calls", "success_rate", "escalation_rate", "error_rate", "avg_satisfaction", "avg_duration_ms", "cost_per_call"};
constexpr std::string_view counts[] = {"calls", "escalated_calls", "error_rate"};

bool is_control(std::string name) {
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return char(std::tolower(c)); });
  constexpr std::string_view names[] = {"control", "baseline", "a", "off"};
  return std::ranges::find(names, name) != std::end(names);
}

Question by_variant(std::span<const std::string_view> words, const ViewScope& scope, Instant from, Instant to) {
  Question q = question_of(words, from, to, scope);
  q.by = {{Dimension::experiment, ""}, {Dimension::variant, ""}};
  q.where.push_back({{Dimension::experiment, ""}, true, {}, true});  // not those without one
  return q;
}

// Calls by outcome: a call that goes on has none yet and is no observation.
void count(Variant& into, const std::string& outcome, const std::vector<Figure>& row) {
  const double calls = number_in(row, 3).value_or(0);
  const auto n = std::uint64_t(calls), escalated = std::uint64_t(number_in(row, 4).value_or(0)), errors = std::uint64_t(std::llround(number_in(row, 5).value_or(0) * calls));
  if (outcome.empty()) return;
  if (outcome != "unknown") into.arms[success_compared].n += n;
  if (outcome == "successful") into.arms[success_compared].successes += n;
  into.arms[escalation_compared].n += n, into.arms[escalation_compared].successes += escalated;
  into.arms[error_compared].n += n, into.arms[error_compared].successes += errors;
}

void compare(Experiment& experiment, bool estimate) {
  std::ranges::stable_sort(experiment.variants, [](const Variant& a, const Variant& b) {
    return std::pair(!is_control(a.name), std::string_view(a.name)) < std::pair(!is_control(b.name), std::string_view(b.name));
  });
  if (experiment.variants.size() > limits::experiment_variants) experiment.variants.resize(limits::experiment_variants);
  std::vector<std::uint64_t> sizes;
  for (const Variant& variant : experiment.variants) sizes.push_back(std::uint64_t(variant.calls));
  experiment.ratio_p = sample_ratio_p(sizes);
  if (estimate) return;
  const Variant& control = experiment.variants.front();
  const double alpha = experiment_alpha / double(std::max<std::size_t>(1, experiment.variants.size() - 1));
  for (std::size_t v = 1; v < experiment.variants.size(); ++v)
    for (std::size_t i = 0; i < compared_count; ++i) experiment.variants[v].effects[i] = effect_of(control.arms[i], experiment.variants[v].arms[i], alpha);
}

}  // namespace

ExperimentVerdict verdict_of(const Variant& variant) {
  const auto& success = variant.effects[success_compared];
  if (!success || !success->known()) return ExperimentVerdict::too_early;
  if (success->high < 0) return ExperimentVerdict::worse;
  const auto grew = [&](Compared which) { return variant.effects[which] && variant.effects[which]->low > 0; };
  return grew(escalation_compared) || grew(error_compared) ? ExperimentVerdict::guarded : ExperimentVerdict::better;
}

Experiments compute_experiments(const Ask& ask, const ViewScope& scope, Instant now) {
  Experiments out;
  out.as_of = now;
  out.from = floor_to(now - Duration(limits::experiment_life), std::chrono::hours(24));
  Question by_outcome = by_variant(counts, scope, out.from, now);
  by_outcome.by.push_back({Dimension::call_outcome, ""});
  const auto figures = ask(by_variant(averages, scope, out.from, now)), outcomes = ask(by_outcome);
  if (!figures || !outcomes) return out.error = (figures ? outcomes : figures).error().message, out;
  out.estimate = rests_on_sample(*outcomes);
  std::map<std::string, std::map<std::string, Variant>> found;
  for (const auto& row : figures->rows) {
    Variant& variant = found[text_in(row[0])][text_in(row[1])];
    variant.name = text_in(row[1]);
    variant.calls = number_in(row, 2).value_or(0);
    variant.success_rate = number_in(row, 3), variant.escalation_rate = number_in(row, 4), variant.error_rate = number_in(row, 5);
    variant.avg_satisfaction = number_in(row, 6), variant.avg_duration_ms = number_in(row, 7), variant.cost_per_call = number_in(row, 8);
  }
  for (const auto& row : outcomes->rows)
    if (const auto experiment = found.find(text_in(row[0])); experiment != found.end())
      if (const auto variant = experiment->second.find(text_in(row[1])); variant != experiment->second.end()) count(variant->second, text_in(row[2]), row);
  for (auto& [name, variants] : found) {
    Experiment experiment{name, {}, std::nullopt};
    for (auto& [key, variant] : variants) experiment.variants.push_back(std::move(variant));
    compare(experiment, out.estimate);
    out.list.push_back(std::move(experiment));
  }
  return out;
}

}  // namespace aybiza
