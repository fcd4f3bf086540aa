// What the fleet costs: the range's figures, spend over time, where it goes, and a table by model, region, kind of agent, customer or campaign.
//
// Shape    two topics: tiles and charts, and the table. Charts go out whole once, then as what changed.
// Threads  None: a View belongs to its socket.
// Source   interface.md "Costs".
#pragma once

#include <memory>

#include "dashboard/live_page.h"
#include "live/costs.h"
#include "live/league.h"

namespace aybiza::dashboard {

class CostsPage final : public LivePage {
 public:
  using LivePage::LivePage;

 private:
  enum : std::size_t { costs_slot = own_slots, league_slot };
  Tab tab() const override { return Tab::costs; }
  void opened(liveview::Context& context, const liveview::Location& at) override;
  void shown(liveview::Context& context, std::size_t slot) override;
  liveview::Node body(const liveview::Context& context) override;
  LeagueSpec spec() const;
  Dimension dimension() const;
  std::string key() const;
  liveview::Node tiles(const CostsState* state) const;
  liveview::Node charts(const CostsState* state) const;
  liveview::Node table() const;

  std::string drawn_key_;                     // the address whose charts the page has
  std::shared_ptr<const CostsState> newest_;  // of the charts
  std::shared_ptr<const CostsState> left_;    // as of the last message that left
};

}  // namespace aybiza::dashboard
