// Links: who may see which page without signing in, until when; new ones, and an end to old ones. And reports: pages that are sent by mail.
//
// Shape    somebody of one customer sees and makes links of that customer's figures alone; who sees all customers sees all links.
// Threads  None: a View belongs to its socket. Making or revoking one writes a file here.
// Source   docs/boards.md.
#pragma once

#include "auth/share_links.h"
#include "dashboard/board_store.h"
#include "dashboard/live_page.h"
#include "dashboard/reports_section.h"

namespace aybiza::dashboard {

class SharingPage final : public LivePage {
 public:
  explicit SharingPage(const liveview::Visitor& visitor) : LivePage(visitor), reports_(viewer()) {}

 private:
  Tab tab() const override { return Tab::sharing; }
  void opened(liveview::Context&, const liveview::Location&) override {}
  void on_event(liveview::Context& context, const liveview::Event& event) override;
  liveview::Node body(const liveview::Context& context) override;
  bool may_end(const auth::ShareLink& link) const;
  liveview::Node form() const;
  liveview::Node list(Instant now) const;

  ReportsSection reports_;
  std::string refused_, made_;  // why the last one was not made; the path of the one that was, shown once
};

// What a link shows, in the words of the address.
std::string shared_place(const auth::ShareLink& link, const BoardStore* boards);

}  // namespace aybiza::dashboard
