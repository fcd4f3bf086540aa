// What the fleet costs: the range's figures, spend over time, where it goes, and a table by model, region, kind of agent, customer or campaign.
//
// Shape    topics: tiles and charts, the table, tokens, the month with its budgets, and what could cost less. Charts go out whole once, then as what changed.
// Threads  None: a View belongs to its socket.
// Source   interface.md "Costs".
#pragma once

#include <memory>

#include "dashboard/live_page.h"
#include "live/costs.h"
#include "live/league.h"
#include "live/spend_tiles.h"
#include "live/tokens.h"

namespace aybiza::dashboard {

class CostsPage final : public LivePage {
 public:
  using LivePage::LivePage;

 private:
  enum : std::size_t { costs_slot = own_slots, league_slot, tokens_slot, month_slot, budgets_slot, advice_slot, what_if_slot, spend_slot };
  Tab tab() const override { return Tab::costs; }
  void opened(liveview::Context& context, const liveview::Location& at) override;
  void shown(liveview::Context& context, std::size_t slot) override;
  void on_event(liveview::Context& context, const liveview::Event& event) override;
  liveview::Node body(const liveview::Context& context) override;
  void watch_what_if(liveview::Context& context);
  LeagueSpec spec() const;
  Dimension dimension() const;
  std::string key() const;
  liveview::Node tiles(const CostsState* state) const;
  liveview::Node charts(const CostsState* state) const;
  liveview::Node stages() const;
  void stages_shown(liveview::Context& context);
  liveview::Node table() const;
  liveview::Node tokens() const;
  void watch_money(liveview::Context& context);
  void open_calls(liveview::Context& context, const liveview::Event& event);
  void tokens_shown(liveview::Context& context);

  std::string prices_;                        // what was entered to price the usage by
  std::string drawn_key_;                     // the address whose charts the page has
  std::shared_ptr<const CostsState> newest_;  // of the charts
  std::shared_ptr<const CostsState> left_;    // as of the last message that left
  std::string stages_drawn_;                  // of the stages, as the page has it
  std::string tokens_key_;                    // the same of the tokens
  std::shared_ptr<const TokensState> tokens_newest_, tokens_left_;
};

}  // namespace aybiza::dashboard
