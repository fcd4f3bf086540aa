// A Source over rows in memory, for tests: made-up calls whose answers are those of query/rows_scan.h.
//
// Threads  none: owned by one test; live threads may call it while the test waits.
#pragma once

#include <algorithm>
#include <atomic>

#include "dashboard/source.h"
#include "query/rows_scan.h"

namespace aybiza::dashboard {

class SampleSource final : public Source {
 public:
  // `count` calls before `now`, every 20 s one; the first few are in flight.
  SampleSource(Instant now, int count) {
    using namespace std::chrono_literals;
    constexpr std::string_view regions[] = {"us-east-1", "eu-west-1", "ap-southeast-1", "moon-base-1"};
    constexpr std::string_view outcomes[] = {"successful", "successful", "failed", "abandoned"};
    for (int i = 0; i < count; ++i) {
      CallRow call;
      call.call_id = uuid_v5(fmt::format("call {}", i));
      call.external_call_id = fmt::format("ext-{}", i);
      call.start = now - 20s * (i + 1);
      call.agent_id = uuid_v5(fmt::format("agent {}", i % 5));
      call.dims[Field::agent_id] = fmt::format("agent-{}", i % 5);
      call.dims[Field::customer_id] = i % 3 == 0 ? "acme" : "globex";
      call.dims[Field::region] = regions[i % 4];
      call.dims[Field::model_used] = "claude-sonnet-4";
      call.updated = call.start;
      if (i >= 3) {
        call.state = CallState::ended;
        call.duration_us = 60'000'000 + i * 1'000'000;
        call.ended = call.start + Duration(*call.duration_us);
        call.call_outcome = outcomes[i % 4];
        call.resolution_status = i % 4 < 2 ? "resolved" : "unresolved";
        call.voice_latency_us = 600'000 + i * 10'000;
        call.cost_nano = 40'000'000;
        call.cost_source = CostSource::reported;
      }
      add_turns(call);
      rows.calls.push_back(std::move(call));
    }
  }

  MaskedFinds masked(const std::vector<std::string>& customers, const std::string& customer) override {
    const bool none = customer == "globex" || std::ranges::find(customers, "globex") != customers.end();
    return {from_micros(1'795'000'000'000'000), {{"phone", none ? 0u : 1204u}, {"email", none ? 0u : 3u}, {"card", 0u}}};
  }
  std::vector<SpendBudget> budgets() override { return spend_budgets; }
  std::optional<double> token_price(std::string_view, bool cached) override { return cached ? 0.3e-6 : 3e-6; }
  Result<Repriced> what_if(std::string_view prices, const std::string& customer, Instant, Instant) override {
    if (prices.find('\t') == prices.npos) return fail(Code::invalid, "line 1: no price");
    return Repriced{.usage = 12, .changed = 10, .before_usd = customer.empty() ? 8.0 : 2.0, .after_usd = 1.5};
  }
  SystemFigures system(const std::vector<std::string>& customers) override {
    SystemFigures out = figures;
    if (!customers.empty()) out = {.as_of = figures.as_of, .since = figures.since, .whole = false, .total = {.offered = 5, .accepted = 5}};
    return out;
  }
  Inventory inventory() override { return inventory_; }
  Admission admission() override { return admission_; }
  Answered<Reconciled> reconcile(const std::vector<std::string>&) override {
    if (!refusal.empty()) return std::unexpected(Refusal{"unavailable", "", refusal});
    return reconciled;
  }
  Result<std::vector<SystemRow>> machines(const std::vector<std::string>&, const std::string&, Instant) override {
    if (!refusal.empty()) return fail(Code::unavailable, "{}", refusal);
    return machine_rows;
  }
  std::uint64_t folded() override { return folded_offset; }
  Answered<Answer> ask(const Question& question) override {
    ++asked;
    if (!refusal.empty()) return std::unexpected(Refusal{"unavailable", "", refusal});
    return answer_from_rows(question, rows, question.to, "live");
  }
  Answered<Flow> flow(const FlowQuestion& question) override {
    if (!refusal.empty()) return std::unexpected(Refusal{"unavailable", "", refusal});
    return flow_from_rows(question, rows);
  }
  Answered<std::vector<AgentSignals>> fleet(const FleetQuestion& question) override {
    if (!refusal.empty()) return std::unexpected(Refusal{"unavailable", "", refusal});
    return fleet_signals_from_rows(question, rows);
  }
  Answered<std::vector<SpendLeak>> leaks(const FleetQuestion& question) override {
    if (!refusal.empty()) return std::unexpected(Refusal{"unavailable", "", refusal});
    return spend_leaks_from_rows(question, rows);
  }
  Answered<SpendParts> spend_parts(const FleetQuestion& question) override {
    if (!refusal.empty()) return std::unexpected(Refusal{"unavailable", "", refusal});
    return spend_parts_from_rows(question, rows, PriceBook::built_in());
  }
  // Of one word, newest first.
  Answered<FoundTurns> find_turns(const TurnsWanted& wanted) override {
    if (wanted.by_meaning) return std::unexpected(Refusal{"no_model", "like", "there is no topic model yet"});
    if (!refusal.empty()) return std::unexpected(Refusal{"unavailable", "", refusal});
    FoundTurns out;
    out.words = {wanted.text};
    for (const CallRow& call : rows.calls)
      for (const TurnRow& turn : rows.turns)
        if (turn.call_id == call.call_id && seen(call, wanted.customers) && turn.time >= wanted.from && turn.time < wanted.to && ++out.matches.turns && turn.text_content.contains(wanted.text) && out.matches.hits.size() < wanted.most)
          out.matches.hits.push_back({.call_id = call.call_id, .turn_number = turn.turn_number, .time = turn.time, .agent_speaks = turn.agent_speaks, .text = turn.text_content, .customer = call.dims[Field::customer_id], .agent = call.dims[Field::agent_id]});
    return out;
  }
  Answered<TalkTime> talk(const FleetQuestion& question) override {
    if (!refusal.empty()) return std::unexpected(Refusal{"unavailable", "", refusal});
    return talk_time_from_rows(question, rows);
  }
  Answered<LearningPartial> learning(const LearningQuestion&) override {
    if (!refusal.empty()) return std::unexpected(Refusal{"unavailable", "", refusal});
    return shared_rows(rows.learning, rows.changes);
  }
  Result<CallsPage> calls(const CallsFilter& filter, const std::string& cursor, std::size_t limit) override {
    if (!refusal.empty()) return fail(Code::unavailable, "{}", refusal);
    CallsPage page;
    const std::size_t first = cursor.empty() ? 0 : std::stoul(cursor);
    std::size_t at = 0;
    for (const CallRow& call : rows.calls) {
      const auto is = [&](const std::string& wanted, Field field) { return wanted.empty() || call.dims[field] == wanted; };
      const bool kept = is(filter.customer, Field::customer_id) && is(filter.region, Field::region) && is(filter.agent, Field::agent_id) &&
                        is(filter.model, Field::model_used) && (filter.outcome.empty() || call.call_outcome == filter.outcome) &&
                        (filter.state.empty() || (call.state == CallState::active) == (filter.state == "active")) && seen(call, filter.customers) &&
                        (filter.ids.empty() || std::ranges::find(filter.ids, call.call_id) != filter.ids.end()) && (!filter.from || call.start >= *filter.from) && (!filter.to || call.start < *filter.to);
      if (!kept || at++ < first) continue;
      if (page.calls.size() == limit) {
        page.next = std::to_string(first + limit);
        break;
      }
      page.calls.push_back(call);
    }
    return page;
  }
  std::string cursor_after(const CallRow& call) override {
    const auto at = std::ranges::find(rows.calls, call.call_id, &CallRow::call_id);
    return std::to_string(at - rows.calls.begin() + 1);
  }
  Result<std::optional<CallDetail>> call(std::string_view id, const std::vector<std::string>& customers) override {
    for (const CallRow& call : rows.calls) {
      if ((to_string(call.call_id) != id && call.external_call_id != id) || !seen(call, customers)) continue;
      CallDetail detail{call, {}, {}, {}};
      for (const TurnRow& turn : rows.turns)
        if (turn.call_id == call.call_id) detail.turns.push_back(turn);
      return detail;
    }
    return std::nullopt;
  }

  RowSet rows;
  SystemFigures figures;
  std::uint64_t folded_offset = 0;
  Inventory inventory_;
  Admission admission_;
  std::vector<SpendBudget> spend_budgets;
  Reconciled reconciled;
  std::vector<SystemRow> machine_rows;
  std::string refusal;  // not empty: every question is refused with it
  std::atomic<int> asked = 0;

 private:
  static bool seen(const CallRow& call, const std::vector<std::string>& customers) {
    return customers.empty() || std::ranges::find(customers, call.dims[Field::customer_id]) != customers.end();
  }
  void add_turns(CallRow& call) {
    using namespace std::chrono_literals;
    constexpr std::string_view words[] = {"My bill is <wrong> again", "I am sorry, let me look", "Thank you, that helps", "You are welcome"};
    for (int n = 1; n <= 4; ++n) {
      TurnRow turn;
      turn.call_id = call.call_id;
      turn.turn_number = n;
      turn.agent_speaks = n % 2 == 0;
      turn.started = turn.time = turn.updated = call.start + 5s * n;
      turn.ended = turn.time + 3s;
      turn.text_content = words[n - 1];
      if (!turn.agent_speaks) turn.sentiment_e4 = n == 1 ? -4'000 : 5'000;
      if (turn.agent_speaks) turn.response_time_us = 700'000, turn.llm_latency_us = 400'000, turn.stt_latency_us = 120'000;
      turn.interrupted = n == 2;
      rows.turns.push_back(std::move(turn));
    }
    call.turns = 4;
  }
};

}  // namespace aybiza::dashboard
