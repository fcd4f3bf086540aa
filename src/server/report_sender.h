// Sends reports when they are due, and those that somebody asked for now.
//
// Shape    every few seconds each report's next step (dashboard/report.h) is taken, one after the other: its slot is written down as begun, its page is drawn for
//          its customer, the mail goes, and what became of it is written down. A step that certainly did not send is tried again after 1, 5 and 15 minutes; one of
//          which that is not certain is not: at most once a slot, and an error to see. Without a mail server nothing is due.
// Errors   are kept with the report (reports_sent.tsv) and counted.
// Threads  start and stop from one thread; nudge and counters from any. REQUIRES: everything in Parts outlives it.
// Source   docs/reports.md.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "dashboard/report_book.h"
#include "dashboard/source.h"
#include "mail/smtp.h"
#include "runtime/periodic.h"
#include "server/give_api.h"
#include "server/options.h"

namespace aybiza {

struct ReportSettings {
  SmtpServer smtp;         // without a URL there is no mail
  std::string from;        // an address
  std::string public_url;  // under which readers know this server; empty: mails have no link
  std::string brand;
  bool sends() const { return !smtp.url.empty(); }
};

// invalid, with the remedy, for what cannot work; io for a password file that cannot be read.
Result<ReportSettings> report_settings(const ServeOptions& options);

struct ReportParts {
  dashboard::ReportBook* book = nullptr;
  dashboard::PreferenceStore* preferences = nullptr;
  dashboard::Source* source = nullptr;
  GiveApi* give = nullptr;
  const Clock* clock = nullptr;
  ReportSettings settings;
};

struct ReportCounters {
  std::uint64_t sent = 0, recipients = 0;
  std::map<std::string, std::uint64_t> failed;  // by reason: picture, refused, later, unsure, missed, mail, state
};

class ReportSender {
 public:
  explicit ReportSender(ReportParts parts);
  ~ReportSender() { stop(); }
  ReportSender(const ReportSender&) = delete;  // one per server
  ReportSender& operator=(const ReportSender&) = delete;

  void start();             // once the pages are served
  void nudge();             // somebody asked for one now
  void request_stop() { stopping_ = true; }
  void stop();
  ReportCounters counters() const;
  const ReportSettings& settings() const { return parts_.settings; }

 private:
  void beat();
  void close_begun();
  void step(const dashboard::Report& report, dashboard::ReportState state, bool asked);
  struct Sent {
    MailAnswer answer;
    std::string reason;  // of the counter
  };
  Sent send(const dashboard::Report& report, Instant now);
  void count(const std::string& reason);

  const ReportParts parts_;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;  // guards counters_ and beats_
  ReportCounters counters_;
  std::unique_ptr<Periodic> beats_;
};

}  // namespace aybiza
