// Experiments as a table: one line a variant, with the interval drawn and written, and what may be concluded.
#include <algorithm>

#include "dashboard/learning_page.h"
#include "dashboard/show.h"
#include "dashboard/tile.h"

namespace aybiza::dashboard {

using namespace liveview;

namespace {

std::string points(const Texts& t, double share) { return (share < 0 ? "−" : "+") + show_number(t, std::abs(share) * 100, 1); }

std::string interval(const std::optional<Effect>& effect, const Texts& t) {
  return effect ? t("unit.points", points(t, effect->difference)) + " " + show_interval(t, points(t, effect->low), points(t, effect->high)) : std::string(dash);
}

struct VerdictWords {
  std::string_view tone, words;
};
VerdictWords words_of(const Variant& variant) {
  switch (verdict_of(variant)) {
    case ExperimentVerdict::better: return {"good", "experiment.better"};
    case ExperimentVerdict::worse: return {"bad", "experiment.worse"};
    case ExperimentVerdict::guarded: return {"warn", "experiment.guarded"};
    case ExperimentVerdict::too_early: break;
  }
  return {"idle", "experiment.too_early"};
}

// The interval on a line from -width to +width, the middle is no difference.
Node interval_bar(const std::optional<Effect>& effect, double width, std::string_view tone) {
  if (!effect) return Node{};
  const auto place = [&](double share) { return std::clamp(50 + 50 * share / width, 0.0, 100.0); };
  const double low = place(effect->low), high = place(effect->high), at = place(effect->difference);
  return html<"<svg class=\"effect\" viewBox=\"0 0 100 12\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><path class=\"zero\" d=\"M50 0V12\"/><path class=\"span {}\" d=\"M{} 6H{}\"/><path class=\"point {}\" d=\"M{} 2V10\"/></svg>">(
      tone, fmt::format("{:.1f}", low), fmt::format("{:.1f}", std::max(high, low + 0.5)), tone, fmt::format("{:.1f}", at));
}

Node variant_row(const Texts& t, const Experiment& experiment, std::size_t place, double width) {
  const Variant& v = experiment.variants[place];
  const bool control = place == 0;
  const VerdictWords verdict = words_of(v);
  const Node conclusion = control ? html<"<span class=\"muted\">{}</span>">(t("experiment.control")) : html<"<span class=\"status {}\">{}</span>">(verdict.tone, t(verdict.words));
  return html<"<tr><th scope=\"row\">{}</th><td class=\"num\">{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td><td class=\"bar-cell\">{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td><td>{}</td></tr>">(
      v.name.empty() ? std::string(t("experiment.not_told")) : v.name, show_count(t, v.calls), show(t, Format::share, v.success_rate), control ? std::string(dash) : interval(v.effects[success_compared], t),
      interval_bar(v.effects[success_compared], width, verdict.tone), control ? show(t, Format::share, v.escalation_rate) : interval(v.effects[escalation_compared], t),
      control ? show(t, Format::share, v.error_rate) : interval(v.effects[error_compared], t), show(t, Format::minutes, v.avg_duration_ms), show_usd(t, v.cost_per_call), conclusion);
}

double widest(const Experiment& experiment) {
  double width = 0.01;
  for (const Variant& variant : experiment.variants)
    if (const auto& effect = variant.effects[success_compared]) width = std::max({width, -effect->low, effect->high});
  return width;
}

Node split(const Texts& t, const Experiment& experiment) {
  if (experiment.variants.size() < 2) return html<"<span class=\"status warn\">{}</span>">(t("experiment.one"));
  if (!experiment.ratio_p) return Node{};
  if (experiment.uneven())
    return html<"<span class=\"status bad\">{}</span>">(t("experiment.uneven", in_notation(t, fmt::format("{:.2g}", *experiment.ratio_p))));
  return html<"<span class=\"status good\">{}</span>">(t("experiment.even", show_number(t, *experiment.ratio_p, 2)));
}

Node experiment_node(const Texts& t, const Experiment& experiment) {
  const double width = widest(experiment);
  std::vector<std::size_t> places(experiment.variants.size());
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = i;
  const Node body = rows(places, [&](std::size_t i) { return experiment.variants[i].name; }, [&](std::size_t i) { return variant_row(t, experiment, i, width); });
  const auto head = [&](std::string_view key) { return html<"<th scope=\"col\" class=\"num\">{}</th>">(t(key)); };
  const Node effect = html<"{}{}{}<th scope=\"col\"><span class=\"sr\">{}</span></th>">(head("column.calls"), head("column.success_rate"), head("experiment.difference"), t("experiment.drawn"));
  const Node others = html<"{}{}{}{}<th scope=\"col\">{}</th>">(head("column.escalation_rate"), head("call.errors"), head("calls.length"), head("column.cost_per_call"), t("experiment.so_far"));
  return html<"<section class=\"experiment\"><div class=\"row-flex\"><h3>{}</h3>{}</div><table class=\"rows\"><caption class=\"sr\">{}</caption><thead><tr><th scope=\"col\">{}</th>{}{}</tr></thead><tbody>{}</tbody></table></section>">(
      experiment.name, split(t, experiment), t("experiment.caption", experiment.name), t("experiment.variant"), effect, others, body);
}

}  // namespace

Node experiments_node(const Experiments* experiments, const Filters& filters) {
  static const Experiments nothing;
  const Experiments& e = experiments ? *experiments : nothing;
  const Texts& t = texts_of(filters);
  const Node list = each(e.list, [](const Experiment& x) { return x.name; }, [&](const Experiment& x) { return experiment_node(t, x); });
  std::size_t lines = 0;  // each has a title and a head of its own
  for (const Experiment& x : e.list) lines += x.variants.size() + 2;
  const std::string size = sized("w-12", lines == 0 ? 0 : lines - 1, 5);
  return table_tile({.name = "experiments", .size = size, .texts = t, .loading = experiments == nullptr, .error = e.error,
                     .empty = e.list.empty() ? std::string(t("experiment.none")) : "", .as_of = e.as_of,
                     .n = experiments ? t(e.estimate ? "experiment.n_sampled" : "experiment.n", e.list.size(), show_day(e.from, zone_or_utc(filters.zone), t)) : "", .table = html<"<div class=\"stack\">{}</div>">(list), .every = std::chrono::seconds(30)});
}

}  // namespace aybiza::dashboard
