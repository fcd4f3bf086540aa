// The table of calls, a few of its rows exchanged at a time: in flight first, filters in the address, a cursor for the next page, columns as its reader likes them.
//
// Threads  None: a View belongs to its socket.
// Source   interface.md "Calls".
#pragma once

#include "dashboard/call_columns.h"
#include "dashboard/held_calls.h"
#include "dashboard/live_page.h"

namespace aybiza::dashboard {

struct CallsState {
  Instant as_of{};
  Result<CallsPage> page;
  std::size_t waiting = 0;    // newer ones that are not shown yet (held_calls.h)
  bool more_waiting = false;
};

class CallsPageView final : public LivePage {
 public:
  using LivePage::LivePage;

 private:
  enum : std::size_t { calls_slot = own_slots };
  Tab tab() const override { return Tab::calls; }
  void opened(liveview::Context& context, const liveview::Location& at) override;
  liveview::Node body(const liveview::Context& context) override;
  void on_event(liveview::Context& context, const liveview::Event& event) override;
  liveview::Node filter_form() const;
  std::optional<liveview::Node> column_form() const;
  liveview::Node table(const CallsState& calls) const;

  ChosenColumns columns_;  // as kept when the page was opened, and as chosen since
};

}  // namespace aybiza::dashboard
