// The reports on the page of links: what is sent when, to whom and of whose figures, what became of it, a new one, and one now.
//
// Shape    for operators and admins. Somebody of one customer sees and makes reports of that customer alone.
// Threads  None: belongs to its view. A change writes a file here.
// Source   docs/reports.md.
#pragma once

#include <string>

#include "dashboard/report_book.h"
#include "dashboard/viewer.h"
#include "liveview/html.h"
#include "liveview/view.h"

namespace aybiza::dashboard {

class ReportsSection {
 public:
  explicit ReportsSection(const Viewer& viewer) : viewer_(viewer) {}

  bool there() const { return viewer_.keeping.reports && viewer_.edits; }
  // Answers whether the event was one of ours: report_make, report_remove, report_switch, report_send.
  bool on_event(const liveview::Context& context, const liveview::Event& event);
  liveview::Node shown(Instant now) const;  // REQUIRES: there()

 private:
  void make(const liveview::Form& form, Instant now);
  std::vector<Report> all(Instant now) const;
  liveview::Node form() const;
  liveview::Node list(const std::vector<Report>& reports, Instant now) const;
  liveview::Node row(const Report& report, Instant now) const;

  const Viewer& viewer_;
  std::string refused_, done_;
};

}  // namespace aybiza::dashboard
