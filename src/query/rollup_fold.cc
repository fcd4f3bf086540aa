#include "query/rollup_fold.h"

#include <algorithm>
#include <array>

#include "query/turn_labels.h"

namespace aybiza {
namespace {

constexpr std::size_t dimensions_rolled = std::size_t(Dimension::hour_of_day) - 1;

constexpr auto all_dimensions_rolled = [] {
  std::array<Dimension, dimensions_rolled> out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = Dimension(i + 1);  // customer_id is the first
  return out;
}();
static_assert(Dimension::customer_id == Dimension(0));

}  // namespace

std::span<const Dimension> rollup_dimensions() { return all_dimensions_rolled; }

// Values that are few and asked for most: a tally of each every minute is as much as a tenth of the rows.
bool kept_by_minute(Dimension dimension) { return dimension == Dimension::region; }

std::size_t RollupFold::Hash::operator()(const Key& key) const {
  const auto mix = [](std::size_t seed, std::size_t more) { return (seed ^ more) * 0x9E3779B97F4A7C15u; };
  const std::hash<std::string> text;
  return mix(mix(mix(mix(std::size_t(key.bucket), text(key.customer)), text(key.dimension)), text(key.value)), key.value_is_null);
}

Tally& RollupFold::at(Instant time, OptionalText customer, std::string_view dimension, OptionalText value) {
  key_.bucket = to_micros(floor_to(time, step_));
  key_.customer = customer.value_or(std::string_view());
  key_.dimension = dimension;
  key_.value = value.value_or(std::string_view());
  key_.value_is_null = !value && !dimension.empty();
  return tallies_[key_];
}

template <typename Add>
void RollupFold::each(const FactRow& row, bool of_turns, Add&& add) {
  add(at(row.time, row.customer, "", std::nullopt));
  const auto wanted = rollup_dimensions();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (of_turn(wanted[i]) && !of_turns) continue;
    if (step_ < std::chrono::hours(1) && !kept_by_minute(wanted[i])) continue;
    const std::string_view name = to_string(wanted[i]);
    if (wanted[i] != Dimension::topic) {
      add(at(row.time, row.customer, name, row.dimensions[i]));
      continue;
    }
    const auto topics = topics_of(row.topics);
    for (const std::string_view topic : topics) add(at(row.time, row.customer, name, topic));
    if (topics.empty()) add(at(row.time, row.customer, name, std::nullopt));
  }
}

void RollupFold::call(const FactRow& row, const CallFacts& facts) {
  each(row, false, [&](Tally& tally) {
    tally.add(facts);
    if (facts.reported_cost_nano) tally.add_reported_cost(*facts.reported_cost_nano);
  });
}

void RollupFold::turn(const FactRow& row, const TurnFacts& facts) {
  const TurnSlots slots = slots_of(facts);
  each(row, true, [&](Tally& tally) { tally.add(facts, slots); });
}

void RollupFold::usage(const FactRow& row, const UsageFacts& facts) {
  each(row, false, [&](Tally& tally) { tally.add(facts); });
}

void RollupFold::merge(const RollupRow& row, const Tally& tally) {
  const OptionalText value = row.value_is_null ? OptionalText() : OptionalText(row.value);
  at(row.bucket, row.customer, row.dimension, value).merge(tally);
}

void RollupFold::rows(std::vector<RollupRow>& out) const {
  const std::size_t first = out.size();
  for (const auto& [key, tally] : tallies_)
    out.push_back({.bucket = from_micros(key.bucket), .step = step_, .customer = key.customer, .dimension = key.dimension, .value = key.value,
                   .value_is_null = key.value_is_null, .tally = serialise_sums(tally), .sketches = serialise_sketches(tally)});
  std::sort(out.begin() + std::ptrdiff_t(first), out.end(), [](const RollupRow& a, const RollupRow& b) {
    return std::tie(a.bucket, a.customer, a.dimension, a.value_is_null, a.value) < std::tie(b.bucket, b.customer, b.dimension, b.value_is_null, b.value);
  });
}

}  // namespace aybiza
