// The table of calls: in flight first, filters in the address, a cursor for the next page.
//
// Threads  None: a View belongs to its socket.
// Source   interface.md "Calls".
#pragma once

#include "dashboard/live_page.h"

namespace aybiza::dashboard {

struct CallsState {
  Instant as_of{};
  Result<CallsPage> page;
};

class CallsPageView final : public LivePage {
 public:
  using LivePage::LivePage;

 private:
  enum : std::size_t { calls_slot = own_slots };
  Tab tab() const override { return Tab::calls; }
  void opened(liveview::Context& context, const liveview::Location& at) override;
  liveview::Node body(const liveview::Context& context) override;
  liveview::Node filter_form() const;
};

}  // namespace aybiza::dashboard
