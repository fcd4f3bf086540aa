// A report: a page that is sent by mail, when, to whom, and of whose figures; and what became of it.
//
// Shape    a slot is one of the instants at which a report is due; it is the key under which it is sent at most once.
// Units    minutes of the day in the report's own zone. A time that clocks skip is sent as much later as they skip; one that comes twice at its first coming.
// Errors   checked_report: invalid, with what would have been. parse_*: nullopt for anything that is not such a line.
// Threads  pure.
// Source   docs/reports.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/units.h"
#include "query/zone.h"

namespace aybiza::dashboard {

inline constexpr std::size_t reports_most = 200, report_recipients_most = 20, report_name_bytes = 100, report_error_bytes = 400;
inline constexpr Duration report_missed_after = std::chrono::hours(1);  // a slot that is older is not sent any more
inline constexpr Duration report_retries[] = {std::chrono::minutes(1), std::chrono::minutes(5), std::chrono::minutes(15)};

struct ReportTimes {
  int minute = 7 * 60;     // of the day
  unsigned days = 0x7f;    // bit 0 is Monday
  std::string zone = "UTC";
  friend bool operator==(const ReportTimes&, const ReportTimes&) = default;
};

struct Report {
  std::string id;               // 12 base62 digits
  std::string name, page;       // page: "/costs?range=24h"
  bool pdf = true;              // as a file, beside the picture in the mail
  std::vector<std::string> to;
  ReportTimes when;
  std::string customer = "*";   // whose figures; "*" is everybody's
  bool on = true;
  Instant since{};              // slots before are none of it: made, or switched on, then
  std::string person, by;       // whose own boards it may show; who made it, for lists
  friend bool operator==(const Report&, const Report&) = default;
};

struct ReportState {
  enum Outcome : std::uint8_t { none, sending, sent, retry, failed };
  std::string id;
  Instant slot{};               // the newest that was begun, or given up
  Outcome outcome = none;       // of the newest attempt
  int attempts = 0;             // of the slot
  Instant at{};                 // of that attempt
  std::optional<Instant> sent_at;  // the last one that went
  std::string error;            // of the newest attempt
  friend bool operator==(const ReportState&, const ReportState&) = default;
};
std::string_view to_string(ReportState::Outcome outcome);

std::optional<int> parse_clock(std::string_view text);        // "07:30"
std::string clock_text(int minute);
std::optional<unsigned> parse_days(std::string_view text);    // "mon,wed", "daily", "weekdays"
std::string days_text(unsigned days);                         // "daily", "weekdays", "mon,wed"
std::vector<std::string> parse_recipients(std::string_view text);  // at commas, spaces, semicolons and line ends

// The newest slot that is not after `now`; nullopt: none in the eight days before.
std::optional<Instant> last_slot(const ReportTimes& when, const Zone& zone, Instant now);
std::optional<Instant> next_slot(const ReportTimes& when, const Zone& zone, Instant now);  // the first after `now`

// What is to be done with a report now: its slot is sent, or given up.
struct ReportStep {
  enum What : std::uint8_t { nothing, send, give_up } what = nothing;
  Instant slot{};
};
ReportStep step_of(const Report& report, const ReportState& state, Instant now);

Result<Report> checked_report(Report wanted);

std::string to_line(const Report& report);
std::optional<Report> parse_report_line(std::string_view line);
std::string to_line(const ReportState& state);
std::optional<ReportState> parse_report_state_line(std::string_view line);

}  // namespace aybiza::dashboard
