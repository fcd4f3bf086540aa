// Reports over HTTP: what there is and what became of it, new ones, an end to old ones, and one now.
//
// Shape    GET and POST /api/v1/reports; POST /api/v1/reports/:id/send, /on and /off; DELETE /api/v1/reports/:id. All are for scope admin: keys of it, operators and
//          admins. Who is bound to a customer sees and makes that customer's reports alone.
// Errors   400 names the member and the remedy, 404 for what is not there or another customer's, 409 where there is no mail server, 503 where the file cannot be written.
// Threads  add_routes once, before the server starts; handlers from any thread. REQUIRES: book and sender outlive it.
// Source   docs/reports.md.
#pragma once

#include <memory>

#include "net/router.h"
#include "server/report_sender.h"

namespace aybiza {

class ReportApi {
 public:
  ReportApi(dashboard::ReportBook& book, ReportSender& sender, const Clock& clock);
  ~ReportApi();
  ReportApi(const ReportApi&) = delete;

  Status add_routes(net::Router& router);
  void stop();

 private:
  struct Inner;
  std::shared_ptr<Inner> inner_;
};

}  // namespace aybiza
