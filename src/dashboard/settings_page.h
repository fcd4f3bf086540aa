// Settings: how somebody likes the pages. A form that works by keyboard alone; what it keeps is applied from the next first paint on.
//
// Threads  None: a View belongs to its socket.
// Source   preferences.h; interface.md "Frame".
#pragma once

#include "dashboard/live_page.h"

namespace aybiza::dashboard {

class SettingsPage final : public LivePage {
 public:
  using LivePage::LivePage;

 private:
  Tab tab() const override { return Tab::none; }
  void opened(liveview::Context&, const liveview::Location&) override {}
  void on_event(liveview::Context& context, const liveview::Event& event) override;
  liveview::Node body(const liveview::Context& context) override;
  Preferences liked() const;
  liveview::Node tiles(const Preferences& liked) const;
};

}  // namespace aybiza::dashboard
