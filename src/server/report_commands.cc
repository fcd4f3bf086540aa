#include "server/report_commands.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "base/clock.h"
#include "dashboard/report_book.h"
#include "net/http_client.h"

namespace aybiza {
namespace {

using dashboard::Report;
using dashboard::ReportBook;
using dashboard::ReportState;

int complain(const Error& error) {
  fmt::print(stderr, "aybiza reports: {}\n", error.message);
  return error.code == Code::invalid ? 2 : 1;
}

std::string became(const ReportState& state) {
  std::string out = state.sent_at ? "sent " + format_rfc3339(*state.sent_at) : "not sent yet";
  if (!state.error.empty()) out += fmt::format("; {} {}: {}", to_string(state.outcome), format_rfc3339(state.at), state.error);
  return out;
}

}  // namespace

void ReportCommands::add_to(CLI::App& app) {
  auto* reports = app.add_subcommand("reports", "pages that are sent by mail, with their picture, at set times (docs/reports.md)");
  reports->require_subcommand(1);
  const auto command = [&](const char* name, const char* what) {
    auto* verb = reports->add_subcommand(name, what);
    verb->add_option("--data", data_, "directory of everything the server keeps")->envname("AYBIZA_DATA")->capture_default_str();
    return verb;
  };
  const auto of_one = [&](const char* name, const char* what) {
    auto* verb = command(name, what);
    verb->add_option("id", id_, "as in the list")->required();
    return verb;
  };
  list_ = command("list", "all reports, when they were sent, and what went wrong");
  add_ = command("add", "a new report; a running server follows within a second; prints its id");
  add_->add_option("--name", name_, "the subject of its mails")->required();
  add_->add_option("--page", page_, "the page's address: /, /costs?range=24h, /boards/Night%20shift …")->capture_default_str();
  add_->add_option("--to", to_, "mail addresses, separated by commas")->required();
  add_->add_option("--at", at_, "time of day")->capture_default_str();
  add_->add_option("--days", days_, "daily, weekdays, or mon,tue,wed,thu,fri,sat,sun")->capture_default_str();
  add_->add_option("--tz", zone_, "time zone of that time, and of the page")->capture_default_str();
  add_->add_option("--format", format_, "pdf: the picture in the mail and a PDF; png: the picture")->capture_default_str();
  add_->add_option("--customer", customer_, "whose figures; * is everybody's")->capture_default_str();
  remove_ = of_one("remove", "no more of it");
  on_ = of_one("on", "send it again at its times");
  off_ = of_one("off", "send it no more until it is switched on");
  send_ = reports->add_subcommand("send-now", "one mail now, whatever the time; asks the server");
  send_->add_option("id", id_, "as in the list")->required();
  send_->add_option("--url", url_, "server")->envname("AYBIZA_URL")->capture_default_str();
  send_->add_option("--key", key_, "key of scope admin")->envname("AYBIZA_KEY");
}

std::optional<int> ReportCommands::run() const {
  if (!list_) return std::nullopt;
  if (*list_) return list();
  if (*add_) return add();
  if (*remove_ || *on_ || *off_) return change();
  if (*send_) return send_now();
  return std::nullopt;
}

int ReportCommands::list() const {
  auto book = ReportBook::open(data_);
  if (!book) return complain(book.error());
  const Instant now = SystemClock().now();
  const auto all = (*book)->list(now);
  if (all.empty()) fmt::print("no report\n");
  for (const Report& r : all)
    fmt::print("{}\t{}\t{}\t{}\t{}\t{} {} {}\t{}\t{}\t{}\n", r.id, r.on ? "on" : "off", r.name, r.page, r.pdf ? "pdf" : "png", dashboard::clock_text(r.when.minute), dashboard::days_text(r.when.days), r.when.zone,
               r.customer, fmt::join(r.to, ","), became((*book)->state_of(r.id, now)));
  return 0;
}

int ReportCommands::add() const {
  std::error_code error;
  std::filesystem::create_directories(data_, error);
  if (error) return complain({Code::io, fmt::format("cannot make {}: {}", data_.string(), error.message())});
  const auto minute = dashboard::parse_clock(at_);
  if (!minute) return complain({Code::invalid, fmt::format("--at {} is not a time of day: write 07:30", at_)});
  const auto days = dashboard::parse_days(days_);
  if (!days) return complain({Code::invalid, fmt::format("--days {} are no days: write daily, weekdays, or mon,tue,wed,thu,fri,sat,sun", days_)});
  if (format_ != "pdf" && format_ != "png") return complain({Code::invalid, fmt::format("--format {} is not known: write pdf or png", format_)});
  auto book = ReportBook::open(data_);
  if (!book) return complain(book.error());
  Report wanted;
  wanted.name = name_, wanted.page = page_, wanted.pdf = format_ == "pdf", wanted.to = dashboard::parse_recipients(to_), wanted.when = {*minute, *days, zone_}, wanted.customer = customer_;
  wanted.by = "command line";
  const auto made = (*book)->add(std::move(wanted), SystemClock().now());
  if (!made) return complain(made.error());
  fmt::print("{}\n", made->id);
  return 0;
}

int ReportCommands::change() const {
  auto book = ReportBook::open(data_);
  if (!book) return complain(book.error());
  const Status done = *remove_ ? (*book)->remove(id_) : (*book)->set_on(id_, bool(*on_), SystemClock().now());
  if (!done) return complain(done.error());
  fmt::print("report {} is {}\n", id_, *remove_ ? "removed" : *on_ ? "on" : "off");
  return 0;
}

int ReportCommands::send_now() const {
  auto server = net::parse_http_url(url_);
  if (!server) return complain({Code::invalid, fmt::format("'{}' is not a server: give --url http://HOST:PORT", url_)});
  if (!key_.empty()) server->headers.push_back({"Authorization", "Bearer " + key_});
  net::HttpClient client(*server);
  const auto answer = client.request({.method = net::Method::post, .target = "/api/v1/reports/" + id_ + "/send", .body = {}, .content_type = {}, .headers = {}});
  if (!answer) return complain(answer.error());
  if (answer->status >= 300) return complain({Code::unavailable, answer->body});
  fmt::print("report {} is being sent; aybiza reports list says what became of it\n", id_);
  return 0;
}

}  // namespace aybiza
