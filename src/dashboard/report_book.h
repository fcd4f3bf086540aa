// The reports of a data directory, and what became of each: read by the server, changed by it, by the pages, or by `aybiza reports` beside it.
//
// Shape    `<data>/reports.tsv`, a line a report, and `<data>/reports_sent.tsv`, a line a report that has been due: two tables of auth/watched_file.h. The second
//          is written before anything is sent: a slot that was begun is not begun again, whatever happens in between. Who wants one sent at once asks here, in memory.
// Errors   add: invalid, too_large; remove, set_on: not_found; io. A file that is damaged leaves in force what was good.
// Cost     a change writes and syncs a file.
// Threads  any.
// Source   docs/reports.md.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "auth/watched_file.h"
#include "dashboard/report.h"

namespace aybiza::dashboard {

struct ReportTable {
  std::vector<Report> reports;
  static Result<std::shared_ptr<const ReportTable>> read(const std::filesystem::path& file);
};
struct ReportStateTable {
  std::map<std::string, ReportState, std::less<>> states;
  static Result<std::shared_ptr<const ReportStateTable>> read(const std::filesystem::path& file);
};

class ReportBook {
 public:
  static Result<std::unique_ptr<ReportBook>> open(const std::filesystem::path& data);
  explicit ReportBook(const std::filesystem::path& data) : reports_(data / "reports.tsv"), states_(data / "reports_sent.tsv") {}

  std::vector<Report> list(Instant now) { return reports_.look(now)->reports; }
  // Of one customer, or (empty, or "*") all.
  std::vector<Report> list_of(std::string_view customer, Instant now);
  ReportState state_of(std::string_view id, Instant now);

  Result<Report> add(Report wanted, Instant now);  // id and since are set here
  Status remove(std::string_view id);
  Status set_on(std::string_view id, bool on, Instant now);
  Status keep(const ReportState& state);  // on disk when it answers

  void ask_now(std::string id);
  std::set<std::string> take_asked();

 private:
  auth::WatchedFile<ReportTable> reports_;
  auth::WatchedFile<ReportStateTable> states_;
  std::mutex mutex_;  // guards asked_
  std::set<std::string> asked_;
};

}  // namespace aybiza::dashboard
