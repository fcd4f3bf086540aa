// Settings: how somebody likes the pages. A form that works by keyboard alone; what it keeps is applied from the next first paint on. The order of tiles is kept as they are moved.
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
  Preferences wanted_by(const liveview::Form& form) const;
  void arrange(liveview::Context& context, const liveview::Event& event);
  void keep(liveview::Context& context, const Preferences& wanted);
  liveview::Node tiles(const Preferences& liked) const;

  std::optional<Preferences> draft_;  // what the form says and is not saved
};

}  // namespace aybiza::dashboard
