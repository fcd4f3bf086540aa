#include "live/advice.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace aybiza {
namespace {

struct ModelUse {
  std::string model;
  double calls = 0, known = 0, successful = 0;
  Known cost;  // of a call
  Arm arm() const { return {std::uint64_t(std::llround(known)), std::uint64_t(std::llround(successful))}; }
};
struct CacheUse {
  std::string agent_type;
  double read = 0, cached = 0;  // tokens; `read` without those from the cache
  double all() const { return read + cached; }
  double share() const { return cached / all(); }
};

std::optional<Advice> cheaper(const std::string& agent_type, const ModelUse& dear, const ModelUse& other) {
  if (other.known < advice_least_calls || !other.cost || *other.cost >= *dear.cost) return std::nullopt;
  const auto effect = effect_of(dear.arm(), other.arm(), advice_alpha);
  if (!effect || effect->low < -advice_margin || effect->high < 0) return std::nullopt;
  return Advice{.kind = AdviceKind::cheaper_model, .agent_type = agent_type, .model = dear.model, .other = other.model, .saving_usd = dear.calls * (*dear.cost - *other.cost),
                .n = dear.known, .other_n = other.known, .share = dear.successful / dear.known, .other_share = other.successful / other.known, .cost = dear.cost, .other_cost = other.cost, .length_ms = {}, .effect = effect};
}

// Of all models that would do, the one that saves most.
void advise_model(const std::string& agent_type, const std::vector<ModelUse>& models, std::vector<Advice>& out) {
  const auto spend = [](const ModelUse& m) { return m.calls * m.cost.value_or(0); };
  const auto dear = std::ranges::max_element(models, {}, spend);
  if (dear == models.end() || dear->known < advice_least_calls || !dear->cost) return;
  std::optional<Advice> best;
  for (const ModelUse& other : models)
    if (&other != &*dear)
      if (auto found = cheaper(agent_type, *dear, other); found && (!best || found->saving_usd > best->saving_usd)) best = std::move(found);
  if (best) out.push_back(std::move(*best));
}

void advise_cache(const std::string& model, const std::vector<CacheUse>& uses, const TokenPrice& price, std::vector<Advice>& out) {
  const Known plain = price(model, false), cached = price(model, true);
  if (!plain || !cached || *cached >= *plain) return;
  const CacheUse* best = nullptr;
  for (const CacheUse& use : uses)
    if (use.all() >= advice_least_tokens && (!best || use.share() > best->share())) best = &use;
  if (!best) return;
  for (const CacheUse& use : uses) {
    if (use.all() < advice_least_tokens || best->share() - use.share() < advice_least_share) continue;
    out.push_back({.kind = AdviceKind::cache, .agent_type = use.agent_type, .model = model, .other = best->agent_type,
                   .saving_usd = (best->share() - use.share()) * use.all() * (*plain - *cached), .n = use.all(), .other_n = best->all(), .share = use.share(), .other_share = best->share(),
                   .cost = {}, .other_cost = {}, .length_ms = {}, .effect = {}});
  }
}

void advise_length(const SpendLeak& leak, std::vector<Advice>& out) {
  if (double(leak.successful) < advice_least_calls || leak.long_calls == 0 || !leak.long_ms) return;
  Advice& a = out.emplace_back();
  a.kind = AdviceKind::long_calls, a.agent_type = leak.agent_type, a.saving_usd = leak.long_usd;
  a.n = double(leak.long_calls), a.other_n = double(leak.calls), a.length_ms = leak.long_ms;
}

void advise_silence(const std::vector<SpendLeak>& leaks, std::vector<Advice>& out) {
  const auto share = [](const SpendLeak& leak) { return leak.silent_ms / leak.told_ms; };
  const SpendLeak* best = nullptr;
  for (const SpendLeak& leak : leaks)
    if (double(leak.told_calls) >= advice_least_calls && leak.told_ms > 0 && (!best || share(leak) < share(*best))) best = &leak;
  for (const SpendLeak& leak : leaks) {
    if (!best || double(leak.told_calls) < advice_least_calls || leak.told_ms <= 0 || share(leak) - share(*best) < advice_least_silence) continue;
    Advice& a = out.emplace_back();
    a.kind = AdviceKind::silence, a.agent_type = leak.agent_type, a.other = best->agent_type;
    a.saving_usd = leak.silent_usd * (1 - share(*best) / share(leak));
    a.n = double(leak.told_calls), a.other_n = double(best->told_calls), a.share = share(leak), a.other_share = share(*best);
  }
}

}  // namespace

AdviceState compute_advice(const Ask& ask, const AskLeaks& leaks, const TokenPrice& price, const ViewScope& scope, Instant now) {
  AdviceState state;
  state.as_of = now;
  const Range range = range_of(scope, now);
  state.length = range.to - range.from;
  constexpr std::string_view asked[] = {"calls", "success_rate", "successful_calls", "cost_per_call", "input_tokens", "cache_read_tokens"};
  Question q = question_of(asked, range.from, range.to, scope);
  q.by = {{Dimension::agent_type, ""}, {Dimension::model_used, ""}};
  const auto answer = ask(q);
  if (!answer) return state.error = answer.error().message, state;
  state.estimate = rests_on_sample(*answer);
  if (state.estimate) return state;
  std::map<std::string, std::vector<ModelUse>> by_kind;
  std::map<std::string, std::vector<CacheUse>> by_model;
  for (const auto& row : answer->rows) {
    const std::string kind = text_in(row[0]), model = text_in(row[1]);
    if (model.empty() || model == "__other__" || kind == "__other__") continue;
    const Known rate = number_in(row, 3);
    const double successful = number_in(row, 4).value_or(0), calls = number_in(row, 2).value_or(0);
    // Where none went well, how many outcomes are known does not follow from their share; such a model is no advice anyway.
    by_kind[kind].push_back({model, calls, rate && *rate > 0 ? std::round(successful / *rate) : 0, successful, number_in(row, 5)});
    by_model[model].push_back({kind, number_in(row, 6).value_or(0), number_in(row, 7).value_or(0)});
  }
  for (const auto& [kind, models] : by_kind) advise_model(kind, models, state.list);
  for (const auto& [model, uses] : by_model) advise_cache(model, uses, price, state.list);
  const auto found = leaks({range.from, range.to, scope.customers, scope.customer, scope.region});
  if (!found) return state.error = found.error().message, state;
  for (const SpendLeak& leak : *found) advise_length(leak, state.list);
  advise_silence(*found, state.list);
  std::erase_if(state.list, [](const Advice& a) { return a.saving_usd < advice_least_usd; });
  std::ranges::stable_sort(state.list, std::greater(), &Advice::saving_usd);
  if (state.list.size() > advice_shown) state.list.resize(advice_shown);
  return state;
}

}  // namespace aybiza
