// Experiments as a table: one line a variant, with the interval drawn and written, and what may be concluded.
#include <algorithm>

#include "dashboard/learning_page.h"
#include "dashboard/show.h"
#include "dashboard/tile.h"

namespace aybiza::dashboard {

using namespace liveview;

namespace {

std::string points(double share) { return fmt::format("{}{:.1f}", share < 0 ? "−" : "+", std::abs(share) * 100); }

std::string interval(const std::optional<Effect>& effect) {
  return effect ? fmt::format("{} pt [{}, {}]", points(effect->difference), points(effect->low), points(effect->high)) : std::string(dash);
}

struct VerdictWords {
  std::string_view tone, words;
};
VerdictWords words_of(const Variant& variant) {
  switch (verdict_of(variant)) {
    case ExperimentVerdict::better: return {"good", "Better"};
    case ExperimentVerdict::worse: return {"bad", "Worse"};
    case ExperimentVerdict::guarded: return {"warn", "Better, but a guardrail is worse"};
    case ExperimentVerdict::too_early: break;
  }
  return {"idle", "Too early to tell"};
}

// The interval on a line from -width to +width, the middle is no difference.
Node interval_bar(const std::optional<Effect>& effect, double width, std::string_view tone) {
  if (!effect) return Node{};
  const auto place = [&](double share) { return std::clamp(50 + 50 * share / width, 0.0, 100.0); };
  const double low = place(effect->low), high = place(effect->high), at = place(effect->difference);
  return html<"<svg class=\"effect\" viewBox=\"0 0 100 12\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><path class=\"zero\" d=\"M50 0V12\"/><path class=\"span {}\" d=\"M{} 6H{}\"/><path class=\"point {}\" d=\"M{} 2V10\"/></svg>">(
      tone, fmt::format("{:.1f}", low), fmt::format("{:.1f}", std::max(high, low + 0.5)), tone, fmt::format("{:.1f}", at));
}

Node variant_row(const Experiment& experiment, std::size_t place, double width) {
  const Variant& v = experiment.variants[place];
  const bool control = place == 0;
  const VerdictWords verdict = words_of(v);
  const Node conclusion = control ? raw<"<span class=\"muted\">Compared with</span>">() : html<"<span class=\"status {}\">{}</span>">(verdict.tone, verdict.words);
  return html<"<tr><th scope=\"row\">{}</th><td class=\"num\">{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td><td class=\"bar-cell\">{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td><td>{}</td></tr>">(
      v.name.empty() ? std::string("Not told") : v.name, show_count(v.calls), show(Format::share, v.success_rate), control ? std::string(dash) : interval(v.effects[success_compared]),
      interval_bar(v.effects[success_compared], width, verdict.tone), control ? show(Format::share, v.escalation_rate) : interval(v.effects[escalation_compared]),
      control ? show(Format::share, v.error_rate) : interval(v.effects[error_compared]), show(Format::minutes, v.avg_duration_ms), show_usd(v.cost_per_call), conclusion);
}

double widest(const Experiment& experiment) {
  double width = 0.01;
  for (const Variant& variant : experiment.variants)
    if (const auto& effect = variant.effects[success_compared]) width = std::max({width, -effect->low, effect->high});
  return width;
}

Node split(const Experiment& experiment) {
  if (experiment.variants.size() < 2) return raw<"<span class=\"status warn\">One variant only: there is nothing to compare with</span>">();
  if (!experiment.ratio_p) return Node{};
  if (experiment.uneven())
    return html<"<span class=\"status bad\">Calls were not assigned evenly (p {}): do not trust the effect before you know why</span>">(fmt::format("{:.2g}", *experiment.ratio_p));
  return html<"<span class=\"status good\">Calls were assigned evenly (p {})</span>">(fmt::format("{:.2f}", *experiment.ratio_p));
}

Node experiment_node(const Experiment& experiment) {
  const double width = widest(experiment);
  std::vector<std::size_t> places(experiment.variants.size());
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = i;
  const Node body = rows(places, [&](std::size_t i) { return experiment.variants[i].name; }, [&](std::size_t i) { return variant_row(experiment, i, width); });
  return html<"<section class=\"experiment\"><div class=\"row-flex\"><h3>{}</h3>{}</div><table class=\"rows\"><caption class=\"sr\">Variants of {}</caption><thead><tr><th scope=\"col\">Variant</th><th scope=\"col\" class=\"num\">Calls</th>"
              "<th scope=\"col\" class=\"num\">Success</th><th scope=\"col\" class=\"num\">Difference, interval</th><th scope=\"col\"><span class=\"sr\">Drawn</span></th><th scope=\"col\" class=\"num\">Escalated</th>"
              "<th scope=\"col\" class=\"num\">Errors</th><th scope=\"col\" class=\"num\">Length</th><th scope=\"col\" class=\"num\">Per call</th><th scope=\"col\">So far</th></tr></thead><tbody>{}</tbody></table></section>">(
      experiment.name, split(experiment), experiment.name, body);
}

}  // namespace

Node experiments_node(const Experiments* experiments, const Filters& filters) {
  static const Experiments nothing;
  const Experiments& e = experiments ? *experiments : nothing;
  const Node list = each(e.list, [](const Experiment& x) { return x.name; }, experiment_node);
  return table_tile({.name = "experiments", .size = "w-12 h-3", .loading = experiments == nullptr, .error = e.error,
                     .empty = e.list.empty() ? "No call named an experiment. Send experiment and variant with call.started." : "", .as_of = e.as_of,
                     .n = experiments ? fmt::format("{} experiment{}{}, calls since {}", e.list.size(), e.list.size() == 1 ? "" : "s", e.estimate ? ", of sampled calls: no intervals" : "", show_moment(e.from, zone_or_utc(filters.zone)).substr(0, 6)) : "", .table = html<"<div class=\"stack\">{}</div>">(list)});
}

}  // namespace aybiza::dashboard
