// The fleet: every agent a cell, worst first, with the reason; how busy it is by hour and weekday; and a table of what every agent did in the
// range, sorted by whatever column was clicked. A cell or a row leads to the agent's own page.
//
// Shape    six topics: the field, every few seconds, what the agents do, what they learn, the table, the agents compared, and the hours, every few minutes. The field goes out as counts of its four
//          letters, because its cells are sorted.
// Threads  None: a View belongs to its socket.
// Source   interface.md "Agents".
#pragma once

#include <memory>

#include "dashboard/live_page.h"
#include "live/fleet_health.h"
#include "live/adjusted.h"
#include "live/fleet_work.h"
#include "live/heat.h"
#include "live/league.h"
#include "live/learners.h"

namespace aybiza::dashboard {

class AgentsPage final : public LivePage {
 public:
  using LivePage::LivePage;

 private:
  enum : std::size_t { league_slot = own_slots, fleet_slot, heat_slot, adjusted_slot, work_slot, learners_slot };
  Tab tab() const override { return Tab::agents; }
  void opened(liveview::Context& context, const liveview::Location& at) override;
  void shown(liveview::Context& context, std::size_t slot) override;
  void on_event(liveview::Context& context, const liveview::Event& event) override;
  liveview::Node body(const liveview::Context& context) override;
  liveview::Node pictures() const;
  liveview::Node learners() const;
  LeagueSpec spec() const;
  std::string compared(const std::string& agent) const;
  std::string key(std::string_view what) const;

  std::string chosen_;                                // the agent whose cell the pointer is on
  std::string field_left_, field_newest_;             // what the field shows, as of the last message that left; the newest
  std::shared_ptr<const Heat> heat_left_, heat_newest_;
  std::string heat_key_;
  std::shared_ptr<const FleetWork> work_left_, work_newest_;
  std::string work_key_;
};

}  // namespace aybiza::dashboard
