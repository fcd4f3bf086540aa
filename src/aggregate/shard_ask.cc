// What live state can answer, and its questions under way; open_question.h: how.
#include <algorithm>

#include "aggregate/live_values.h"
#include "aggregate/open_question.h"
#include "aggregate/pane_cut.h"
#include "base/check.h"

namespace aybiza {
namespace {

std::string since_text(Instant since) {
  return since == Instant::min() ? std::string("the beginning") : format_rfc3339(since);
}

}  // namespace

Coverage Shard::State::covers(const LiveQuestion& question, Instant) const {
  Coverage coverage{.covered = true, .exact_since = exact_since, .text = {}};
  const auto refuse = [&](std::string text) {
    coverage.covered = false;
    if (coverage.text.empty()) coverage.text = std::move(text);
  };
  for (const Dimension d : question.by)
    if (!known_live(d)) refuse(fmt::format("live state has no {}", to_string(d)));
  for (const LiveFilter& f : question.where)
    if (!known_live(f.dimension)) refuse(fmt::format("live state has no {}", to_string(f.dimension)));
  if (question.edges.size() < 2) return coverage;
  const PaneCut parts = cut_to_panes(question, floors, newest);
  const Instant calls_from = std::max(calls_since, exact_since);
  if (!parts.rest.empty() && parts.rest.front().from < calls_from)
    refuse(fmt::format("live state holds single calls since {}, and panes for ranges aligned to them (seconds of 15 minutes, "
                       "minutes of 24 hours, hours of 8 days; agents: minutes of 30 minutes, hours of 8 hours)",
                       since_text(calls_from)));
  if (!parts.panes.empty() && parts.panes.front().from < exact_since)
    refuse(fmt::format("live state is complete since {}", since_text(exact_since)));
  if (question.intervals && question.edges.front() < calls_from)
    refuse(fmt::format("live state holds single calls since {}", since_text(calls_from)));
  return coverage;
}

// Brings pane_facts and totals of the calls in flight up to what has changed since the last look.
void Shard::State::sync_flight() const {
  for (const Slot slot : flight_changed) {
    CallRecord* record = slot < calls.size() ? calls[slot].get() : nullptr;
    if (!record || record->flight_place == UINT32_MAX || std::exchange(record->flight_facts, true)) continue;  // gone, or listed twice
    record->pane_facts = record->call.facts(record->sums);
    const AssembledCall& call = record->call;
    FlightTotals::Call told{record->id, call.agent(), call.start(), record->low, record->high, call.weight(), {}};
    std::ranges::copy(record->labels, told.labels.begin());
    const std::string_view outcomes[] = {call.call_outcome(), call.text(Field::resolution_status), call.end_reason()};
    for (std::size_t i = 0; i < std::size(outcomes); ++i) told.labels[shared_axes + i] = labels.find(outcomes[i]);
    flight.set(record->flight_place, told, record->pane_facts, record->sums, call.reports_cost());
  }
  flight_changed.clear();
}

LivePartial Shard::State::ask(const LiveQuestion& question, Instant now) const {
  OpenQuestion open(*this, question, now);
  while (open.step(limits::calls_retained)) {
  }
  return open.take();
}

void Shard::State::keep_for_open(Slot slot) {
  for (const Asked& one : under_way) one.question->before_call(slot);
}

std::uint64_t Shard::State::begin_ask(const LiveQuestion& question, Instant now) {
  under_way.push_back({++asked, std::make_shared<OpenQuestion>(*this, question, now)});
  return asked;
}

std::optional<LivePartial> Shard::State::next_of_ask(std::uint64_t number, std::size_t looks) {
  const auto at = std::ranges::find(under_way, number, &Asked::number);
  CHECK(at != under_way.end());
  if (at->question->step(looks)) return std::nullopt;
  LivePartial answer = at->question->take();
  under_way.erase(at);
  return answer;
}

}  // namespace aybiza
