#include "ingest/call_sampler.h"

#include <algorithm>

#include "base/limits.h"

namespace aybiza {
namespace {

constexpr std::uint64_t seed = 0xCA11;

// It is the last of all fields.
void put_weight(EventBatch& batch, std::size_t at, std::int64_t weight) {
  Event& event = batch.events[at];
  const auto values = batch.arena.array<Value>(event.values.size() + 1);
  std::ranges::copy(event.values, values.begin());
  values.back() = {.field = Field::sample_weight, .number = weight};
  event.values = values;
}

bool of_call(const Event& event) { return event.type <= EventType::usage && !event.call.empty(); }

}  // namespace

CallSampler::CallSampler(SamplingRules& rules) : rules_(rules) {
  current_ = call_shares(rules.list());  // those that are in flight were decided by them
  active_ = !current_.empty();
}

std::int64_t CallSampler::weight(const Id& call, int one_in) {
  if (one_in <= 1) return 1;
  const std::uint64_t hash = hash64({reinterpret_cast<const char*>(&call), sizeof call}, seed);
  return double(hash >> 11) * 0x1p-53 * one_in < 1 ? one_in : 0;
}

void CallSampler::notice(const SamplingTable& rules, Instant now) {
  if (rules.calls() != current_) {
    if (!changing_) before_ = current_;  // of two changes in a row the calls in flight knew what was before both
    current_ = rules.calls();
    changed_ = now;
  }
  changing_ = changed_ != Instant::min() && now - changed_ < Duration(limits::call_idle_timeout);
  if (turned_ == Instant::min() || now - turned_ >= Duration(limits::call_idle_timeout)) {
    old_ = std::move(young_);
    young_.clear();
    turned_ = now;
  }
  active_ = !current_.empty() || changing_ || !old_.empty() || !young_.empty();
}

std::int64_t* CallSampler::remembered(const Id& call) {
  if (const auto at = young_.find(call); at != young_.end()) return &at->second;
  const auto at = old_.find(call);
  if (at == old_.end()) return nullptr;
  const std::int64_t weight = at->second;
  old_.erase(at);
  return &young_.emplace(call, weight).first->second;
}

std::int64_t CallSampler::decide(const Event& event) {
  if (const std::int64_t* known = remembered(event.call)) return *known;
  const bool begins = event.type == EventType::call_started;
  const std::int64_t weight = CallSampler::weight(event.call, one_in(changing_ && !begins ? before_ : current_, event.scope));
  if (changing_ && young_.size() + old_.size() < limits::sampling_calls_remembered) young_.emplace(event.call, weight);
  return weight;
}

std::uint64_t CallSampler::sample(EventBatch& batch, Instant now) {
  const auto rules = rules_.look(now);
  if (rules->calls().empty() && !active_) return 0;
  const std::lock_guard lock(mutex_);
  notice(*rules, now);
  if (!active_) return 0;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < batch.events.size(); ++i) {
    const std::int64_t weight = of_call(batch.events[i]) ? decide(batch.events[i]) : 1;
    if (weight == 0) continue;
    if (weight > 1) put_weight(batch, i, weight);
    if (kept != i) {
      batch.events[kept] = batch.events[i];
      batch.index[kept] = batch.index[i];
      batch.wire_bytes[kept] = batch.wire_bytes[i];
    }
    ++kept;
  }
  const std::uint64_t left_out = batch.events.size() - kept;
  batch.events.resize(kept);
  batch.index.resize(kept);
  batch.wire_bytes.resize(kept);
  left_out_ += left_out;
  return left_out;
}

}  // namespace aybiza
