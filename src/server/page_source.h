// The pages' questions, answered by the pipeline.
//
// Threads  called on both live threads; see dashboard/source.h.
#pragma once

#include <functional>

#include "dashboard/source.h"
#include "ingest/mask_batch.h"
#include "privacy/tokenizer.h"
#include "server/budget_keeper.h"
#include "server/call_finder.h"
#include "server/holdings.h"
#include "server/pipeline.h"
#include "server/price_keeper.h"
#include "server/server_watch.h"
#include "server/turn_finder.h"

namespace aybiza {

struct MoneySource {
  BudgetKeeper* budgets = nullptr;
  PriceKeeper* prices = nullptr;
};

class PageSource final : public dashboard::Source {
 public:
  // `masked` counts what every way in has found since `since`.
  PageSource(Pipeline& pipeline, const Tokenizer& tokenizer, const CallFinder& calls, std::function<MaskCounts()> masked, const ServerWatch& watch, const Holdings& holdings, MoneySource money, Topics* topics, Instant since)
      : pipeline_(pipeline), calls_(calls), finder_({&pipeline, topics, &tokenizer}), masked_(std::move(masked)), watch_(watch), holdings_(holdings), money_(money), since_(since) {}
  Answered<Answer> ask(const Question& question) override { return pipeline_.glance(question); }
  std::uint64_t folded() override { return pipeline_.shards().folded(); }
  std::vector<Answered<Answer>> ask_together(std::span<const Question> questions) override { return pipeline_.glance(questions); }
  Answered<Flow> flow(const FlowQuestion& question) override;
  Answered<std::vector<AgentSignals>> fleet(const FleetQuestion& question) override;
  Answered<std::vector<SpendLeak>> leaks(const FleetQuestion& question) override;
  Answered<SpendParts> spend_parts(const FleetQuestion& question) override;
  Answered<TalkTime> talk(const FleetQuestion& question) override;
  Answered<dashboard::FoundTurns> find_turns(const dashboard::TurnsWanted& wanted) override;
  Answered<LearningPartial> learning(const LearningQuestion& question) override;
  Result<dashboard::CallsPage> calls(const dashboard::CallsFilter& filter, const std::string& cursor, std::size_t limit) override;
  std::string cursor_after(const CallRow& call) override;
  Result<std::optional<dashboard::CallDetail>> call(std::string_view id, const std::vector<std::string>& customers) override;
  dashboard::MaskedFinds masked(const std::vector<std::string>& customers, const std::string& customer) override;
  std::vector<SpendBudget> budgets() override { return money_.budgets->list(pipeline_.clock().now()); }
  std::optional<double> token_price(std::string_view model, bool cached) override;
  Result<dashboard::Repriced> what_if(std::string_view prices, const std::string& customer, Instant from, Instant to) override;
  Inventory inventory() override { return holdings_.inventory(); }
  Admission admission() override { return holdings_.admission(); }
  SystemFigures system(const std::vector<std::string>& customers) override { return watch_.figures(customers); }
  Answered<Reconciled> reconcile(const std::vector<std::string>& customers) override;
  Result<std::vector<SystemRow>> machines(const std::vector<std::string>& customers, const std::string& customer, Instant since) override;

 private:
  Duration deadline() const;
  Pipeline& pipeline_;
  const CallFinder& calls_;
  const TurnFinder finder_;
  std::function<MaskCounts()> masked_;
  const ServerWatch& watch_;
  const Holdings& holdings_;
  const MoneySource money_;
  Instant since_;
};

}  // namespace aybiza
