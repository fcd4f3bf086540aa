#include "server/page_source.h"

#include <algorithm>

#include "base/limits.h"
#include "server/call_list.h"
#include "server/machine_list.h"
#include "server/price_what_if.h"
#include "server/reconcile.h"

namespace aybiza {

Duration PageSource::deadline() const { return pipeline_.page_deadline(); }
Answered<Flow> PageSource::flow(const FlowQuestion& question) { return flow_from_store(question, pipeline_.store(), deadline()); }
Answered<std::vector<AgentSignals>> PageSource::fleet(const FleetQuestion& question) { return fleet_signals_from_store(question, pipeline_.store(), deadline()); }
Answered<std::vector<SpendLeak>> PageSource::leaks(const FleetQuestion& question) { return spend_leaks_from_store(question, pipeline_.store(), deadline()); }
Answered<SpendParts> PageSource::spend_parts(const FleetQuestion& question) { return spend_parts_from_store(question, pipeline_.store(), money_.prices->status().book, deadline()); }
Answered<TalkTime> PageSource::talk(const FleetQuestion& question) { return talk_time_from_store(question, pipeline_.store(), deadline()); }
Answered<dashboard::FoundTurns> PageSource::find_turns(const dashboard::TurnsWanted& wanted) {
  Parameters asked{{wanted.by_meaning ? "like" : "q", wanted.text}, {"from", format_rfc3339(wanted.from)}, {"to", format_rfc3339(wanted.to)}, {"k", std::to_string(wanted.most)}};
  auto request = parse_search(asked, pipeline_.clock().now(), TurnFinder::masked);
  if (!request) return std::unexpected(request.error());
  for (const auto& [name, value] : {std::pair("customer_id", &wanted.customer), std::pair("region", &wanted.region)})
    if (!value->empty()) request->search.where.push_back({name, {*value}});
  if (const auto refusal = finder_.prepare(*request)) return std::unexpected(*refusal);
  request->search.customers = wanted.customers;
  auto found = finder_.find(request->search);
  if (!found) return std::unexpected(Refusal{"unavailable", "source", found.error().message});
  return dashboard::FoundTurns{std::move(*found), std::move(request->search.words)};
}

Answered<LearningPartial> PageSource::learning(const LearningQuestion& question) { return pipeline_.learning_now(question); }

std::optional<double> PageSource::token_price(std::string_view model, bool cached) {
  UsageRow usage;
  usage.time = pipeline_.clock().now(), usage.model = model;
  (cached ? usage.cache_read_tokens : usage.input_tokens) = 1'000'000;
  const Number nano = money_.prices->status().book.cost_of(usage, PriceContext{});
  return nano ? std::optional(double(*nano) / 1e9 / 1e6) : std::nullopt;
}

Result<dashboard::Repriced> PageSource::what_if(std::string_view prices, const std::string& customer, Instant from, Instant to) {
  const Duration until = pipeline_.clock().elapsed() + Duration(limits::query_timeout);
  const Rerate range{.from = from, .to = to, .customer = customer};
  const auto report = aybiza::what_if(pipeline_.store(), money_.prices->status().book, prices, range, [&] { return pipeline_.clock().elapsed() >= until; });
  if (!report) return std::unexpected(report.error());
  return dashboard::Repriced{.usage = report->usage, .changed = report->usage_changed, .found = report->found, .lost = report->lost,
                             .before_usd = double(report->before_nano) / 1e9, .after_usd = double(report->after_nano) / 1e9};
}

Result<dashboard::CallsPage> PageSource::calls(const dashboard::CallsFilter& filter, const std::string& cursor, std::size_t limit) {
  return list_calls(pipeline_.store(), filter, cursor, limit, deadline());
}

std::string PageSource::cursor_after(const CallRow& call) { return aybiza::cursor_after(call); }

Result<std::optional<dashboard::CallDetail>> PageSource::call(std::string_view id, const std::vector<std::string>& customers) {
  return calls_.find(id, customers);
}

dashboard::MaskedFinds PageSource::masked(const std::vector<std::string>& customers, const std::string& customer) {
  const MaskCounts all = masked_();
  MaskCounts::ByClass sums{};
  if (customers.empty() && customer.empty()) {
    sums = all.texts;
  } else {
    for (const auto& [name, counts] : all.customers) {
      if ((!customer.empty() && name != customer) || (!customers.empty() && std::ranges::find(customers, name) == customers.end())) continue;
      for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += counts[i];
    }
  }
  dashboard::MaskedFinds out{since_, {}};
  for (std::size_t i = 0; i < sums.size(); ++i) out.classes.emplace_back(to_string(PiiClass(i)), sums[i]);
  return out;
}

Answered<Reconciled> PageSource::reconcile(const std::vector<std::string>& customers) {
  std::vector<Filter> where;
  if (!customers.empty()) where.push_back({{Dimension::customer_id, ""}, false, customers, false});
  return aybiza::reconcile(pipeline_, limits::allowed_lateness, where);
}

Result<std::vector<SystemRow>> PageSource::machines(const std::vector<std::string>& customers, const std::string& customer, Instant since) {
  return newest_machines(pipeline_.store(), customers, customer, since, deadline());
}

}  // namespace aybiza
