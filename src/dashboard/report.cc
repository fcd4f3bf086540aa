#include "dashboard/report.h"

#include <algorithm>
#include <charconv>

#include "auth/watched_file.h"
#include "base/limits.h"
#include "dashboard/picture_of.h"
#include "mail/mime.h"

namespace aybiza::dashboard {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view day_names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr std::string_view outcome_names[] = {"none", "sending", "sent", "retry", "failed"};
constexpr unsigned all_days = 0x7f, week_days = 0x1f;
constexpr std::size_t report_members = 13, state_members = 7;
constexpr Duration a_day = 24h;

// The instant at which clocks of the day that contains `t` show `minute`. The day's clock may be set forward or back on it: of the offsets in force
// around it one at which the time is there is the right one, the earlier instant first.
Instant moment_of(const Zone& zone, Instant t, int minute) {
  const Instant midnight = zone.midnight_of(t);
  const Duration before = zone.offset(midnight - 1us), offsets[] = {before, zone.offset(midnight), zone.offset(zone.next_midnight(t))};
  const Instant wall = floor_to(midnight + zone.offset(midnight), a_day) + std::chrono::minutes(minute);  // as if its clocks were UTC
  std::optional<Instant> first;
  for (const Duration offset : offsets)
    if (const Instant at = wall - offset; zone.offset(at) == offset && (!first || at < *first)) first = at;
  return first.value_or(wall - before);  // skipped: as much later as clocks skip
}

bool on_day(const ReportTimes& when, const Zone& zone, Instant t) { return (when.days >> (zone.day_of_week(t) - 1) & 1) != 0; }

Instant day_before(const Zone& zone, Instant t) { return zone.midnight_of(zone.midnight_of(t) - 1us); }

// The next moment at which a slot that failed is tried again.
std::optional<Instant> next_try(const ReportState& state) {
  if (state.outcome != ReportState::retry || state.attempts < 1 || std::size_t(state.attempts) > std::size(report_retries)) return std::nullopt;
  return state.at + report_retries[std::size_t(state.attempts - 1)];
}

template <typename Number>
std::optional<Number> number_of(std::string_view text) {
  Number out{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(out) : std::nullopt;
}

std::string moment_or_nothing(Instant t) { return t == Instant{} ? std::string() : format_rfc3339(t); }

// Empty: the epoch, which stands for never. nullopt: it is no time.
std::optional<Instant> moment_of_text(std::string_view text) { return text.empty() ? std::optional(Instant{}) : parse_rfc3339(text); }

}  // namespace

std::string_view to_string(ReportState::Outcome outcome) { return outcome_names[outcome]; }

std::optional<int> parse_clock(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hour = number_of<unsigned>(text.substr(0, 2)), minute = number_of<unsigned>(text.substr(3));
  if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
  return int(*hour * 60 + *minute);
}
std::string clock_text(int minute) { return fmt::format("{:02}:{:02}", minute / 60, minute % 60); }

std::optional<unsigned> parse_days(std::string_view text) {
  if (text == "daily") return all_days;
  if (text == "weekdays") return week_days;
  unsigned out = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    const auto day = std::ranges::find(day_names, text.substr(0, end));
    if (day == std::end(day_names)) return std::nullopt;
    out |= 1U << (day - std::begin(day_names));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out == 0 ? std::nullopt : std::optional(out);
}
std::string days_text(unsigned days) {
  if (days == all_days) return "daily";
  if (days == week_days) return "weekdays";
  std::string out;
  for (std::size_t i = 0; i < std::size(day_names); ++i)
    if ((days >> i & 1) != 0) out += fmt::format("{}{}", out.empty() ? "" : ",", day_names[i]);
  return out;
}

std::vector<std::string> parse_recipients(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(",; \t\r\n"), text.size());
    if (end > 0) out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::optional<Instant> last_slot(const ReportTimes& when, const Zone& zone, Instant now) {
  Instant day = now;
  for (int back = 0; back < 9; ++back, day = day_before(zone, day))
    if (const Instant at = moment_of(zone, day, when.minute); on_day(when, zone, day) && at <= now) return at;
  return std::nullopt;
}

std::optional<Instant> next_slot(const ReportTimes& when, const Zone& zone, Instant now) {
  Instant day = now;
  for (int ahead = 0; ahead < 9; ++ahead, day = zone.next_midnight(day))
    if (const Instant at = moment_of(zone, day, when.minute); on_day(when, zone, day) && at > now) return at;
  return std::nullopt;
}

ReportStep step_of(const Report& report, const ReportState& state, Instant now) {
  const auto zone = Zone::load(report.when.zone);
  if (!report.on || !zone) return {};
  const auto slot = last_slot(report.when, *zone, now);
  const auto again = next_try(state);
  if (slot && *slot > std::max(report.since, state.slot)) return {now - *slot < report_missed_after ? ReportStep::send : ReportStep::give_up, *slot};
  if (again && now >= *again) return {now - state.slot < report_missed_after ? ReportStep::send : ReportStep::give_up, state.slot};
  return {};
}

Result<Report> checked_report(Report wanted) {
  if (wanted.name.empty() || !auth::line_text(wanted.name, report_name_bytes)) return fail(Code::invalid, "name: 1 to {} bytes without control characters", report_name_bytes);
  if (auto page = picture_of(wanted.page, {}, "", Instant{}); !page) return wrap(page.error(), "page");
  if (wanted.to.empty() || wanted.to.size() > report_recipients_most) return fail(Code::invalid, "to: 1 to {} mail addresses, separated by commas", report_recipients_most);
  for (const std::string& one : wanted.to)
    if (!good_mail_address(one)) return fail(Code::invalid, "to: '{}' is not a mail address; write name@host", one);
  if (wanted.when.minute < 0 || wanted.when.minute >= 24 * 60) return fail(Code::invalid, "at: a time of day such as 07:30");
  if (wanted.when.days == 0 || wanted.when.days > all_days) return fail(Code::invalid, "days: daily, weekdays, or mon,tue,wed,thu,fri,sat,sun");
  if (!Zone::load(wanted.when.zone)) return fail(Code::invalid, "tz: '{}' is not a time zone; write UTC or Europe/Berlin", wanted.when.zone);
  if (wanted.customer.empty() || !auth::line_text(wanted.customer, limits::id_bytes)) return fail(Code::invalid, "customer: 1 to {} bytes without control characters, or * for all of them", limits::id_bytes);
  if (!auth::line_text(wanted.person, limits::id_bytes) || !auth::line_text(wanted.by, limits::id_bytes)) return fail(Code::invalid, "by: at most {} bytes without control characters", limits::id_bytes);
  return wanted;
}

std::string to_line(const Report& r) {
  return fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}", r.id, r.name, r.page, r.pdf ? "pdf" : "png", fmt::join(r.to, ","), clock_text(r.when.minute), days_text(r.when.days), r.when.zone,
                     r.customer, r.on ? "on" : "off", moment_or_nothing(r.since), r.person, r.by);
}

std::optional<Report> parse_report_line(std::string_view line) {
  const auto parts = auth::split_line(line);
  if (parts.size() != report_members || parts[0].empty() || (parts[3] != "pdf" && parts[3] != "png") || (parts[9] != "on" && parts[9] != "off")) return std::nullopt;
  const auto minute = parse_clock(parts[5]);
  const auto days = parse_days(parts[6]);
  const auto since = moment_of_text(parts[10]);
  if (!minute || !days || !since) return std::nullopt;
  auto good = checked_report({std::string(parts[0]), std::string(parts[1]), std::string(parts[2]), parts[3] == "pdf", parse_recipients(parts[4]), {*minute, *days, std::string(parts[7])}, std::string(parts[8]),
                              parts[9] == "on", *since, std::string(parts[11]), std::string(parts[12])});
  return good ? std::optional(std::move(*good)) : std::nullopt;
}

std::string to_line(const ReportState& s) {
  std::string error = s.error.substr(0, report_error_bytes);
  std::ranges::replace_if(error, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');  // a mail server's words may have line ends
  return fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}", s.id, moment_or_nothing(s.slot), to_string(s.outcome), s.attempts, moment_or_nothing(s.at), s.sent_at ? format_rfc3339(*s.sent_at) : std::string(), error);
}

std::optional<ReportState> parse_report_state_line(std::string_view line) {
  const auto parts = auth::split_line(line);
  if (parts.size() != state_members || parts[0].empty()) return std::nullopt;
  const auto outcome = std::ranges::find(outcome_names, parts[2]);
  const auto slot = moment_of_text(parts[1]), at = moment_of_text(parts[4]), sent = moment_of_text(parts[5]);
  const auto attempts = number_of<int>(parts[3]);
  if (outcome == std::end(outcome_names) || !slot || !at || !sent || !attempts || *attempts < 0) return std::nullopt;
  return ReportState{std::string(parts[0]), *slot, ReportState::Outcome(outcome - std::begin(outcome_names)), *attempts, *at, parts[5].empty() ? std::nullopt : sent, std::string(parts[6])};
}

}  // namespace aybiza::dashboard
