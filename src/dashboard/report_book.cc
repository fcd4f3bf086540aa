#include "dashboard/report_book.h"

#include <algorithm>
#include <utility>

#include "auth/api_key.h"

namespace aybiza::dashboard {
namespace {

std::string print_reports(const std::vector<Report>& reports) {
  std::string out = "# id\tname\tpage\tformat\tto\tat\tdays\ttz\tcustomer\ton\tsince\tperson\tby\n";
  for (const Report& report : reports) out += to_line(report) + "\n";
  return out;
}

Result<std::string> text_of(const std::filesystem::path& file) {
  auto text = auth::read_file(file);
  if (!text && text.error().code == Code::not_found) return std::string();
  return text;
}

}  // namespace

Result<std::shared_ptr<const ReportTable>> ReportTable::read(const std::filesystem::path& file) {
  auto table = std::make_shared<ReportTable>();
  const auto text = text_of(file);
  if (!text) return std::unexpected(text.error());
  AYBIZA_TRY(auth::each_line(file, *text, "report", [&](std::string_view line) {
    auto report = parse_report_line(line);
    if (report) table->reports.push_back(std::move(*report));
    return bool(report);
  }));
  return table;
}

Result<std::shared_ptr<const ReportStateTable>> ReportStateTable::read(const std::filesystem::path& file) {
  auto table = std::make_shared<ReportStateTable>();
  const auto text = text_of(file);
  if (!text) return std::unexpected(text.error());
  AYBIZA_TRY(auth::each_line(file, *text, "report's state", [&](std::string_view line) {
    auto state = parse_report_state_line(line);
    if (state) table->states.insert_or_assign(state->id, *state);
    return bool(state);
  }));
  return table;
}

Result<std::unique_ptr<ReportBook>> ReportBook::open(const std::filesystem::path& data) {
  auto book = std::make_unique<ReportBook>(data);
  AYBIZA_TRY(book->reports_.reload());
  AYBIZA_TRY(book->states_.reload());
  return book;
}

std::vector<Report> ReportBook::list_of(std::string_view customer, Instant now) {
  std::vector<Report> all = list(now);
  if (!customer.empty() && customer != "*") std::erase_if(all, [&](const Report& one) { return one.customer != customer; });
  return all;
}

ReportState ReportBook::state_of(std::string_view id, Instant now) {
  const auto table = states_.look(now);
  const auto at = table->states.find(id);
  if (at != table->states.end()) return at->second;
  ReportState none;
  none.id = id;
  return none;
}

Result<Report> ReportBook::add(Report wanted, Instant now) {
  auto good = checked_report(std::move(wanted));
  if (!good) return good;
  good->id = auth::random_base62(12), good->since = now;
  AYBIZA_TRY(reports_.rewrite([&](const ReportTable& table) -> Result<std::string> {
    if (table.reports.size() >= reports_most) return fail(Code::too_large, "there are {} reports already: remove some first", table.reports.size());
    std::vector<Report> all = table.reports;
    all.push_back(*good);
    return print_reports(all);
  }));
  return good;
}

Status ReportBook::remove(std::string_view id) {
  return reports_.rewrite([&](const ReportTable& table) -> Result<std::string> {
    std::vector<Report> all = table.reports;
    if (std::erase_if(all, [&](const Report& one) { return one.id == id; }) == 0) return fail(Code::not_found, "there is no report {}", id);
    return print_reports(all);
  });
}

Status ReportBook::set_on(std::string_view id, bool on, Instant now) {
  return reports_.rewrite([&](const ReportTable& table) -> Result<std::string> {
    std::vector<Report> all = table.reports;
    const auto at = std::ranges::find(all, id, &Report::id);
    if (at == all.end()) return fail(Code::not_found, "there is no report {}", id);
    if (on && !at->on) at->since = now;
    at->on = on;
    return print_reports(all);
  });
}

// What is kept of reports that are gone goes with the next word of another.
Status ReportBook::keep(const ReportState& state) {
  const auto reports = reports_.table();
  return states_.rewrite([&](const ReportStateTable& table) -> Result<std::string> {
    auto states = table.states;
    states.insert_or_assign(state.id, state);
    std::string out = "# id\tslot\toutcome\tattempts\tat\tsent\terror\n";
    for (const auto& [id, one] : states)
      if (id == state.id || std::ranges::find(reports->reports, id, &Report::id) != reports->reports.end()) out += to_line(one) + "\n";
    return out;
  });
}

void ReportBook::ask_now(std::string id) {
  const std::lock_guard lock(mutex_);
  asked_.insert(std::move(id));
}

std::set<std::string> ReportBook::take_asked() {
  const std::lock_guard lock(mutex_);
  return std::exchange(asked_, {});
}

}  // namespace aybiza::dashboard
