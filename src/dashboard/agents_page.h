// Every agent with what it did in the range: most calls first, or by whatever column was clicked; a row leads to the agent's own page.
//
// Threads  None: a View belongs to its socket.
// Source   interface.md "Agents".
#pragma once

#include "dashboard/live_page.h"
#include "live/league.h"

namespace aybiza::dashboard {

class AgentsPage final : public LivePage {
 public:
  using LivePage::LivePage;

 private:
  enum : std::size_t { league_slot = own_slots };
  Tab tab() const override { return Tab::agents; }
  void opened(liveview::Context& context, const liveview::Location& at) override;
  liveview::Node body(const liveview::Context& context) override;
  LeagueSpec spec() const;
};

}  // namespace aybiza::dashboard
