// The boards somebody may see: their own and those that others show; new ones, by name or from JSON.
//
// Threads  None: a View belongs to its socket. Making one writes a file here.
// Source   docs/boards.md.
#pragma once

#include "dashboard/board_store.h"
#include "dashboard/live_page.h"

namespace aybiza::dashboard {

class BoardsPage final : public LivePage {
 public:
  using LivePage::LivePage;

 private:
  Tab tab() const override { return Tab::boards; }
  void opened(liveview::Context&, const liveview::Location&) override {}
  void on_event(liveview::Context& context, const liveview::Event& event) override;
  liveview::Node body(const liveview::Context& context) override;
  liveview::Node list(const std::vector<BoardPtr>& boards) const;
  BoardReader reader() const { return {viewer().person, viewer().customer()}; }

  std::string refused_, json_;  // why the last one was not made; what was given
};

}  // namespace aybiza::dashboard
