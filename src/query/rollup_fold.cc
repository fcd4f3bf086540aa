#include "query/rollup_fold.h"

#include <algorithm>

#include "aggregate/tally_sketches.h"
#include "query/turn_labels.h"

namespace aybiza {
namespace {

constexpr auto all_rolled = [] {
  std::array<Dimension, rolled_dimensions> out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = Dimension(i + 1);  // customer_id is the first
  return out;
}();
static_assert(Dimension::customer_id == Dimension(0));

}  // namespace

std::span<const Dimension> rollup_dimensions() { return all_rolled; }

// Values that are few and asked for most: a tally of each every minute is as much as a tenth of the rows.
bool kept_by_minute(Dimension dimension) { return dimension == minute_dimension; }

Tally& RollupFold::Axis::at(OptionalText value) {
  if (!value) return unknown;
  const auto found = values.find(*value);
  return found != values.end() ? found->second : values[std::string(*value)];
}

RollupFold::Pane& RollupFold::pane(Instant time, std::string_view customer) {
  const Instant bucket = floor_to(time, step_);
  if (last_ && last_key_->first == bucket && last_key_->second == customer) return *last_;
  const auto at = panes_.try_emplace({bucket, std::string(customer)}).first;
  last_key_ = &at->first;
  last_ = &at->second;
  return *last_;
}

template <typename Add>
void RollupFold::each(const FactRow& row, bool of_turns, Add&& add) {
  Pane& into = pane(row.time, row.customer.value_or(std::string_view()));
  const bool by_minute = step_ < std::chrono::hours(1);
  // Of a call's dimension nothing is known of most panes, and what is unknown of it is all there is: that is added up once.
  for (std::size_t i = 0; i < rolled_dimensions; ++i) {
    Axis& axis = into.by[i];
    if (!axis.as_total || of_turn(all_rolled[i]) || !row.dimensions[i]) continue;
    axis.as_total = false;
    axis.unknown = into.total;
  }
  add(into.total);
  for (std::size_t i = 0; i < rolled_dimensions; ++i) {
    if (of_turn(all_rolled[i]) && !of_turns) continue;
    if (by_minute && !kept_by_minute(all_rolled[i])) continue;
    if (all_rolled[i] != Dimension::topic) {
      if (of_turn(all_rolled[i]) || !into.by[i].as_total) add(into.by[i].at(row.dimensions[i]));
      continue;
    }
    const auto topics = topics_of(row.topics);
    for (const std::string_view topic : topics) add(into.by[i].at(topic));
    if (topics.empty()) add(into.by[i].unknown);
  }
}

void RollupFold::call(const FactRow& row, const CallFacts& facts) {
  each(row, false, [&](Tally& tally) {
    tally.add(facts);
    if (facts.reported_cost_nano) tally.add_reported_cost(*facts.reported_cost_nano, facts.weight);
  });
}

void RollupFold::turn(const FactRow& row, const TurnFacts& facts) {
  const TurnSlots slots = slots_of(facts);
  each(row, true, [&](Tally& tally) { row.sampled ? tally.add(facts, *row.sampled) : tally.add(facts, slots); });
}

void RollupFold::usage(const FactRow& row, const UsageFacts& facts) {
  each(row, false, [&](Tally& tally) { row.sampled ? tally.add(facts, *row.sampled) : tally.add(facts); });
}

Status RollupFold::merge(const RollupRow& row) {
  const auto sums = parse_sums(row.tally);
  if (!sums) return std::unexpected(sums.error());
  Pane& within = pane(row.bucket, row.customer);
  const auto dimension = parse_dimension(row.dimension);
  Tally* into = nullptr;
  if (row.dimension.empty()) into = &within.total;
  else if (dimension && *dimension != Dimension::customer_id && std::size_t(*dimension) <= rolled_dimensions)
    into = &within.by[std::size_t(*dimension) - 1].apart().at(row.value_is_null ? OptionalText() : OptionalText(row.value));
  if (!into) return {};
  into->merge(*sums, {.calls = true, .turns = true, .usage = true, .sketches = 0});
  return merge_sketches(row.sketches, *sums, *into);
}

void RollupFold::rows(std::vector<RollupRow>& out) const {
  for (const auto& [key, pane] : panes_) {
    const auto put = [&](std::string_view dimension, OptionalText value, const Tally& tally) {
      if (tally.empty()) return;
      out.push_back({.bucket = key.first, .step = step_, .customer = key.second, .dimension = std::string(dimension),
                     .value = std::string(value.value_or(std::string_view())), .value_is_null = !value && !dimension.empty(),
                     .tally = serialise_sums(tally), .sketches = serialise_sketches(tally)});
    };
    const bool by_minute = step_ < std::chrono::hours(1);
    const std::size_t total = out.size();
    if (!by_minute) put("", std::nullopt, pane.total);
    for (std::size_t i = 0; i < rolled_dimensions; ++i) {
      if (by_minute && !kept_by_minute(all_rolled[i])) continue;
      std::vector<std::pair<std::string_view, const Tally*>> sorted;
      for (const auto& [value, tally] : pane.by[i].values) sorted.emplace_back(value, &tally);
      std::sort(sorted.begin(), sorted.end());
      for (const auto& [value, tally] : sorted) put(to_string(all_rolled[i]), value, *tally);
      if (!pane.by[i].as_total || of_turn(all_rolled[i])) put(to_string(all_rolled[i]), std::nullopt, pane.by[i].unknown);
      else if (by_minute) put(to_string(all_rolled[i]), std::nullopt, pane.total);
      else if (!pane.total.empty()) {
        RollupRow same = out[total];
        same.dimension = to_string(all_rolled[i]), same.value_is_null = true;
        out.push_back(std::move(same));
      }
    }
  }
}

}  // namespace aybiza
