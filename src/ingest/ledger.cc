#include "ingest/ledger.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"

namespace aybiza {
namespace {

using Reasons = std::map<std::string, std::uint64_t, std::less<>>;

std::uint64_t sum(const Reasons& reasons) {
  std::uint64_t total = 0;
  for (const auto& [reason, events] : reasons) total += events;
  return total;
}

void add(Reasons& to, const Reasons& from) {
  for (const auto& [reason, events] : from)
    if (events > 0) to[reason] += events;
}

void settle_counts(ConservationCounts& counts, const Ledger::Outcome& outcome) {
  const std::uint64_t settled = outcome.accepted + outcome.duplicates + sum(outcome.rejected) + sum(outcome.shed);
  CHECK(settled <= counts.in_flight);
  counts.in_flight -= settled;
  counts.accepted += outcome.accepted;
  counts.duplicates += outcome.duplicates;
  add(counts.rejected, outcome.rejected);
  add(counts.shed, outcome.shed);
}

void write_reasons(JsonWriter& json, std::string_view name, const Reasons& reasons) {
  json.key(name).begin_object();
  for (const auto& [reason, events] : reasons) json.member(reason, events);
  json.end_object();
}

}  // namespace

std::uint64_t ConservationCounts::rejected_total() const { return sum(rejected); }
std::uint64_t ConservationCounts::shed_total() const { return sum(shed); }

void write_conservation(JsonWriter& json, const ConservationCounts& counts) {
  json.member("offered", counts.offered).member("accepted", counts.accepted).member("duplicates", counts.duplicates);
  write_reasons(json, "rejected", counts.rejected);
  write_reasons(json, "shed", counts.shed);
  json.member("in_flight", counts.in_flight);
}

ConservationCounts& Ledger::of(std::string_view customer) {
  const auto at = customers_.find(customer);
  if (at != customers_.end()) return at->second;
  // A customer without an entry now will have none later either: the table only grows, so offer and settle agree.
  const bool room = customers_.size() < limits::ledger_customers;
  return customers_[room ? std::string(customer) : std::string("__other__")];
}

template <typename Change>
void Ledger::count(const LedgerSender& sender, Change&& change) {
  change(total_);
  change(of(sender.customer));
  if (sender.way.empty()) return;
  auto at = ways_.find(sender.way);
  if (at == ways_.end()) at = ways_.emplace(sender.way, WayCounts{}).first;
  at->second.last_seen = std::max(at->second.last_seen, sender.at);
  change(at->second.counts);
}

void Ledger::offer(const LedgerSender& sender, std::uint64_t events) {
  const std::lock_guard lock(mutex_);
  count(sender, [&](ConservationCounts& counts) { counts.offered += events, counts.in_flight += events; });
}

void Ledger::settle(const LedgerSender& sender, const Outcome& outcome) {
  const std::lock_guard lock(mutex_);
  count(sender, [&](ConservationCounts& counts) { settle_counts(counts, outcome); });
}

void Ledger::reject(const LedgerSender& sender, std::string_view reason, std::uint64_t events) {
  const std::lock_guard lock(mutex_);
  count(sender, [&](ConservationCounts& counts) { counts.offered += events, counts.rejected[std::string(reason)] += events; });
}

void Ledger::shed(const LedgerSender& sender, std::string_view reason, std::uint64_t events) {
  const std::lock_guard lock(mutex_);
  count(sender, [&](ConservationCounts& counts) { counts.offered += events, counts.shed[std::string(reason)] += events; });
}

Ledger::Snapshot Ledger::snapshot() const {
  const std::lock_guard lock(mutex_);
  return {since_, total_, customers_, ways_};
}

}  // namespace aybiza
