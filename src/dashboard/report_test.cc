// When reports are due, over clock changes too; what is done about one at any moment; how they are written down and told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "auth/api_key.h"
#include "base/ids.h"
#include "dashboard/page_pass.h"
#include "dashboard/picture_of.h"
#include "dashboard/report_book.h"
#include "dashboard/report_json.h"

namespace aybiza::dashboard {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

Instant at(const char* time) { return *parse_rfc3339(time); }

void slots(ReportTimes when, const char* now, const char* last, const char* next) {
  const Zone zone = *Zone::load(when.zone);
  EXPECT_EQ(format_rfc3339(last_slot(when, zone, at(now)).value_or(Instant{})), format_rfc3339(at(last))) << now;
  EXPECT_EQ(format_rfc3339(next_slot(when, zone, at(now)).value_or(Instant{})), format_rfc3339(at(next))) << now;
}

TEST(Slots, AreCivilTimesOfTheChosenDays) {
  slots({7 * 60 + 30, 0x7f, "UTC"}, "2026-11-22T07:30:00Z", "2026-11-22T07:30:00Z", "2026-11-23T07:30:00Z");
  slots({7 * 60 + 30, 0x7f, "UTC"}, "2026-11-22T07:29:59Z", "2026-11-21T07:30:00Z", "2026-11-22T07:30:00Z");
  slots({0, 0x7f, "Asia/Kolkata"}, "2026-11-22T00:00:00Z", "2026-11-21T18:30:00Z", "2026-11-22T18:30:00Z");
  slots({9 * 60, 0x1f, "UTC"}, "2026-11-22T12:00:00Z", "2026-11-20T09:00:00Z", "2026-11-23T09:00:00Z");   // a Sunday, between Friday and Monday
  slots({9 * 60, 0x01, "UTC"}, "2026-11-23T08:59:59Z", "2026-11-16T09:00:00Z", "2026-11-23T09:00:00Z");   // Mondays: a week back
  slots({23 * 60 + 59, 0x40, "America/Los_Angeles"}, "2026-11-23T07:59:00Z", "2026-11-23T07:59:00Z", "2026-11-30T07:59:00Z");  // Sunday there, Monday in UTC
}

TEST(Slots, HoldWhenClocksAreChanged) {
  // Berlin, 29 March 2026: 02:00 becomes 03:00. 02:30 is not there: it is sent at 03:30, an hour later as the clocks are.
  slots({2 * 60 + 30, 0x7f, "Europe/Berlin"}, "2026-03-29T12:00:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z");
  slots({7 * 60, 0x7f, "Europe/Berlin"}, "2026-03-29T12:00:00Z", "2026-03-29T05:00:00Z", "2026-03-30T05:00:00Z");
  slots({7 * 60, 0x7f, "Europe/Berlin"}, "2026-03-28T12:00:00Z", "2026-03-28T06:00:00Z", "2026-03-29T05:00:00Z");
  slots({1 * 60 + 59, 0x7f, "Europe/Berlin"}, "2026-03-29T12:00:00Z", "2026-03-29T00:59:00Z", "2026-03-29T23:59:00Z");
  // 25 October 2026: 03:00 becomes 02:00. 02:30 comes twice and is sent at the first; noon has its new place.
  slots({2 * 60 + 30, 0x7f, "Europe/Berlin"}, "2026-10-25T12:00:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z");
  slots({2 * 60 + 30, 0x7f, "Europe/Berlin"}, "2026-10-25T01:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z");  // its second 02:30
  slots({12 * 60, 0x7f, "Europe/Berlin"}, "2026-10-25T11:00:00Z", "2026-10-25T11:00:00Z", "2026-10-26T11:00:00Z");
  // Cairo, 24 April 2026: midnight itself is skipped.
  slots({0, 0x7f, "Africa/Cairo"}, "2026-04-24T12:00:00Z", "2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z");
  // Lord Howe Island changes by half an hour: 02:00 becomes 02:30 on 4 October 2026.
  slots({2 * 60 + 15, 0x7f, "Australia/Lord_Howe"}, "2026-10-04T12:00:00Z", "2026-10-03T15:45:00Z", "2026-10-04T15:15:00Z");
}

TEST(Slots, OfEachDayOfAYearComeOnceAndInOrder) {
  for (const char* name : {"Europe/Berlin", "America/Sao_Paulo", "Africa/Cairo", "Australia/Lord_Howe", "Pacific/Apia", "America/New_York"})
    for (const int minute : {0, 1, 2 * 60 + 30, 23 * 60 + 59}) {
      const Zone zone = *Zone::load(name);
      const ReportTimes when{minute, 0x7f, name};
      Instant t = at("2026-01-01T12:00:00Z");
      for (int day = 0; day < 365; ++day) {
        const auto next = next_slot(when, zone, t);
        ASSERT_TRUE(next && *next > t) << name << minute;
        EXPECT_LE(*next - t, 26h) << name << " " << format_rfc3339(t);
        EXPECT_EQ(last_slot(when, zone, *next), *next) << name << " " << format_rfc3339(*next);
        t = *next;
      }
      EXPECT_GE(t, at("2026-12-31T00:00:00Z")) << name;  // none of the year's days came twice
    }
}

Report daily() {
  Report report;
  report.id = "r1", report.name = "Costs", report.page = "/costs?range=24h", report.to = {"ada@example.com"}, report.since = at("2026-11-20T00:00:00Z");
  return report;
}
ReportState with(ReportState::Outcome outcome, const char* slot, int attempts, const char* when) {
  return {"r1", at(slot), outcome, attempts, at(when), std::nullopt, ""};
}

TEST(ReportStep, SendsEachSlotOnceAndLateOnesNotAtAll) {
  const auto check = [](const Report& report, const ReportState& state, const char* now, ReportStep::What what, const char* slot = "1970-01-01T00:00:00Z") {
    const ReportStep step = step_of(report, state, at(now));
    EXPECT_EQ(step.what, what) << now;
    EXPECT_EQ(step.slot, at(slot)) << now;
  };
  using enum ReportStep::What;
  const ReportState fresh{};
  check(daily(), fresh, "2026-11-22T07:00:00Z", send, "2026-11-22T07:00:00Z");
  check(daily(), fresh, "2026-11-22T07:59:59Z", send, "2026-11-22T07:00:00Z");  // down for less than an hour
  check(daily(), fresh, "2026-11-22T08:00:00Z", give_up, "2026-11-22T07:00:00Z");
  check(daily(), with(ReportState::sent, "2026-11-22T07:00:00Z", 1, "2026-11-22T07:00:03Z"), "2026-11-22T07:00:04Z", nothing);
  check(daily(), with(ReportState::sending, "2026-11-22T07:00:00Z", 1, "2026-11-22T07:00:03Z"), "2026-11-22T07:10:00Z", nothing);  // begun is begun
  check(daily(), with(ReportState::failed, "2026-11-22T07:00:00Z", 1, "2026-11-22T07:00:03Z"), "2026-11-22T07:10:00Z", nothing);
  check(daily(), with(ReportState::sent, "2026-11-22T07:00:00Z", 1, "2026-11-22T07:00:03Z"), "2026-11-23T07:00:00Z", send, "2026-11-23T07:00:00Z");
  const auto retried = [](int attempts) { return with(ReportState::retry, "2026-11-22T07:00:00Z", attempts, "2026-11-22T07:05:00Z"); };
  check(daily(), retried(1), "2026-11-22T07:05:59Z", nothing);
  check(daily(), retried(1), "2026-11-22T07:06:00Z", send, "2026-11-22T07:00:00Z");
  check(daily(), retried(2), "2026-11-22T07:09:59Z", nothing);
  check(daily(), retried(2), "2026-11-22T07:10:00Z", send, "2026-11-22T07:00:00Z");
  check(daily(), retried(3), "2026-11-22T07:20:00Z", send, "2026-11-22T07:00:00Z");
  check(daily(), retried(4), "2026-11-22T07:50:00Z", nothing);
  check(daily(), retried(1), "2026-11-22T08:00:00Z", give_up, "2026-11-22T07:00:00Z");
  check(daily(), retried(1), "2026-11-23T07:00:00Z", send, "2026-11-23T07:00:00Z");  // the next day's goes before
  Report other = daily();
  other.on = false;
  check(other, fresh, "2026-11-22T07:00:00Z", nothing);
  other = daily(), other.since = at("2026-11-22T07:00:01Z");  // made after its time
  check(other, fresh, "2026-11-22T07:10:00Z", nothing);
  check(other, fresh, "2026-11-23T07:10:00Z", send, "2026-11-23T07:00:00Z");
}

TEST(Report, IsWrittenAsItIsRead) {
  Report report = daily();
  report.name = "Kosten – früh", report.to = {"ada@example.com", "bob@example.org"}, report.when = {455, 0x15, "Europe/Berlin"}, report.customer = "acme", report.pdf = false, report.on = false, report.person = "u1", report.by = "ada";
  EXPECT_EQ(parse_report_line(to_line(report)), report);
  EXPECT_THAT(to_line(report), HasSubstr("\t07:35\tmon,wed,fri\tEurope/Berlin\tacme\toff\t"));
  const ReportState state{"r1", at("2026-11-22T07:00:00Z"), ReportState::retry, 2, at("2026-11-22T07:05:00Z"), at("2026-11-21T07:00:02Z"), "450 4.2.1 try later"};
  EXPECT_EQ(parse_report_state_line(to_line(state)), state);
  ReportState broken = state;
  broken.error = "451 a\tb\r\nc";
  EXPECT_EQ(parse_report_state_line(to_line(broken))->error, "451 a b  c");
  for (const std::string_view wrong : {"", "a\tb", "r1\t\tsent\t1\t\t\t\t", "r1\tx\tsent\t1\t\t\t", "r1\t\tgone\t1\t\t\t", "r1\t\tsent\t-1\t\t\t"}) EXPECT_FALSE(parse_report_state_line(wrong).has_value()) << wrong;
}

TEST(Report, SaysWhatIsWrongWithIt) {
  const auto check = [](std::string_view json, std::string_view expected) {
    const auto report = report_from_json(json);
    ASSERT_FALSE(report.has_value()) << json;
    EXPECT_THAT(report.error().message, HasSubstr(std::string(expected))) << json;
  };
  const auto good = report_from_json(R"({"name":"Costs","page":"/costs?range=7d","to":["a@example.com","b@example.com"],"at":"07:30","days":"weekdays","tz":"Europe/Berlin","format":"png","customer":"acme"})");
  ASSERT_TRUE(good.has_value()) << good.error().message;
  EXPECT_EQ(good->to, (std::vector<std::string>{"a@example.com", "b@example.com"}));
  EXPECT_EQ(good->when, (ReportTimes{450, 0x1f, "Europe/Berlin"}));
  EXPECT_FALSE(good->pdf);
  check("[]", "not a JSON object");
  check("{", "not a JSON object");
  check(R"({"name":7})", "name: a text is needed");
  check(R"({"name":["a"]})", "name: a text is needed");
  check(R"({"to":[7]})", "to: a text is needed");
  check(R"({"name":"x","page":"/","to":"a@example.com","color":"red"})", "'color' is not a member");
  check(R"({"page":"/","to":"a@example.com"})", "name: 1 to 100 bytes");
  check(R"({"name":"a\nb","page":"/","to":"a@example.com"})", "name: 1 to 100 bytes");
  check(R"({"name":"x","page":"https://elsewhere.example/","to":"a@example.com"})", "page: ");
  check(R"({"name":"x","page":"/settings","to":"a@example.com"})", "known are /, /agents");
  check(R"({"name":"x","page":"/","to":""})", "to: 1 to 20 mail addresses");
  check(R"({"name":"x","page":"/","to":"a@example.com\r\nBcc: b"})", "to: 'Bcc:' is not a mail address");
  check(R"({"name":"x","page":"/","to":"a@example.com","at":"7:30"})", "at: '7:30'");
  check(R"({"name":"x","page":"/","to":"a@example.com","at":"24:00"})", "at: '24:00'");
  check(R"({"name":"x","page":"/","to":"a@example.com","days":"mon,never"})", "days: 'mon,never'");
  check(R"({"name":"x","page":"/","to":"a@example.com","tz":"Mars/Base"})", "tz: 'Mars/Base'");
  check(R"({"name":"x","page":"/","to":"a@example.com","format":"doc"})", "format: 'doc'");
}

TEST(PictureOf, KnowsThePagesThereAre) {
  const auto check = [](std::string_view target, std::string_view heading, std::string_view name) {
    const auto of = picture_of(target, {}, "B", at("2026-11-22T01:15:00Z"));
    ASSERT_TRUE(of.has_value()) << target;
    EXPECT_EQ(of->heading, heading);
    EXPECT_EQ(of->name, name);
    EXPECT_EQ(of->target, target);
  };
  check("/", "B · Overview · 1 h · UTC", "overview-2026-11-22");
  check("/costs?range=24h&customer=acme&tz=Europe/Berlin", "B · Costs · 24 h · acme · Europe/Berlin", "costs-2026-11-22");
  check("/boards/Night%20shift", "B · Boards · Night shift · 1 h · UTC", "boards-night-shift-2026-11-22");
  check("/calls/c-1", "B · Calls · c-1 · 1 h · UTC", "calls-c-1-2026-11-22");
  for (const std::string_view wrong : {"", "costs", "//elsewhere", "/\\elsewhere", "/sign-in", "/settings", "/sharing", "/wall", "/boards", "/boards/", "/boards/a/board.json", "/costs/x", "/costs#x", "/a b", "/calls/%0a", "/calls/%zz", "/api/v1/live"})
    EXPECT_FALSE(picture_of(wrong, {}, "B", at("2026-11-22T01:15:00Z")).has_value()) << wrong;
}

TEST(PagePasses, HoldForOnePictureAndNoLonger) {
  PagePasses passes;
  const Instant now = at("2026-11-22T01:15:00Z");
  bool still = true;
  const std::string token = passes.grant({{"acme"}, "u1", {}, [&] { return still; }}, now, now + 60s);
  ASSERT_TRUE(passes.find(token, now));
  EXPECT_EQ(passes.find(token, now)->customers, std::vector<std::string>{"acme"});
  EXPECT_FALSE(passes.find(token + "x", now) || passes.find("", now) || passes.find(token, now + 60s));
  still = false;  // the asker has signed out
  EXPECT_FALSE(passes.find(token, now));
  still = true;
  passes.end(token);
  EXPECT_FALSE(passes.find(token, now));
  for (std::size_t i = 0; i < passes_most; ++i) EXPECT_FALSE(passes.grant({}, now, now + 1s).empty());
  EXPECT_TRUE(passes.grant({}, now, now + 1s).empty());
  EXPECT_FALSE(passes.grant({}, now + 1s, now + 2s).empty());  // the others are over
}

class ReportBookTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(dir_); }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  const std::filesystem::path dir_ = std::filesystem::temp_directory_path() / ("aybiza-reports-" + to_string(random_id()));
  const Instant now_ = at("2026-11-22T01:15:00Z");
};

TEST_F(ReportBookTest, KeepsReportsAndWhatBecameOfThemOverARestart) {
  auto book = ReportBook::open(dir_).value();
  Report acme = daily();
  acme.customer = "acme";
  const Report first = book->add(acme, now_).value();
  const Report second = book->add(daily(), now_).value();
  EXPECT_EQ(first.since, now_);
  EXPECT_EQ(book->list_of("acme", now_), std::vector<Report>{first});
  EXPECT_EQ(book->list_of("*", now_).size(), 2u);
  EXPECT_TRUE(book->list_of("globex", now_).empty());
  ReportState state = book->state_of(first.id, now_);
  EXPECT_EQ(state.outcome, ReportState::none);
  state.outcome = ReportState::sending, state.slot = now_;
  ASSERT_TRUE(book->keep(state).has_value());
  auto again = ReportBook::open(dir_).value();
  EXPECT_EQ(again->state_of(first.id, now_), state);
  EXPECT_EQ(again->list(now_), (std::vector<Report>{first, second}));
  ASSERT_TRUE(again->set_on(second.id, false, now_ + 1h).has_value());
  ASSERT_TRUE(again->set_on(second.id, true, now_ + 2h).has_value());
  EXPECT_EQ(again->list(now_)[1].since, now_ + 2h);  // what was due while it was off is not sent
  ASSERT_TRUE(again->remove(first.id).has_value());
  EXPECT_EQ(again->remove(first.id).error().code, Code::not_found);
  EXPECT_EQ(again->list(now_).size(), 1u);
  again->ask_now("x"), again->ask_now("x");
  EXPECT_EQ(again->take_asked(), std::set<std::string>{"x"});
  EXPECT_TRUE(again->take_asked().empty());
}

}  // namespace
}  // namespace aybiza::dashboard
