#include "server/report_sender.h"

#include <algorithm>
#include <cstdlib>
#include <future>

#include "auth/api_key.h"
#include "mail/mime.h"
#include "server/report_mail.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;
using dashboard::Report;
using dashboard::ReportState;
using dashboard::ReportStep;

constexpr auto rhythm = 2s;
constexpr std::size_t url_bytes = 500;

}  // namespace

Result<ReportSettings> report_settings(const ServeOptions& options) {
  ReportSettings out{{options.smtp_url, options.smtp_user, {}, options.smtp_ca}, options.smtp_from, options.public_url, options.brand};
  if (options.smtp_url.empty()) return out;
  AYBIZA_TRY(check_smtp_url(options.smtp_url));
  if (!good_mail_address(out.from)) return fail(Code::invalid, "--smtp-from is needed with --smtp-url: the address that reports come from, such as reports@example.com");
  const bool web = out.public_url.empty() || out.public_url.starts_with("http://") || out.public_url.starts_with("https://");
  if (!web || !auth::line_text(out.public_url, url_bytes)) return fail(Code::invalid, "--public-url is http(s)://HOST, under which readers of reports reach this server");
  while (out.public_url.ends_with('/')) out.public_url.pop_back();
  if (out.smtp.user.empty()) return out;
  if (const char* given = std::getenv("AYBIZA_SMTP_PASSWORD"); given && options.smtp_password_file.empty()) out.smtp.password = given;
  if (!options.smtp_password_file.empty()) {
    auto text = auth::read_file(options.smtp_password_file);
    if (!text) return wrap(text.error(), "--smtp-password-file");
    while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
    out.smtp.password = std::move(*text);
  }
  if (out.smtp.password.empty()) return fail(Code::invalid, "--smtp-user needs a password: in the file of --smtp-password-file, or in AYBIZA_SMTP_PASSWORD");
  return out;
}

ReportSender::ReportSender(ReportParts parts) : parts_(std::move(parts)) {}

void ReportSender::start() {
  if (!parts_.settings.sends()) return;
  close_begun();
  const std::lock_guard lock(mutex_);
  beats_ = std::make_unique<Periodic>("reports", rhythm, [this] { beat(); });
}

void ReportSender::nudge() {
  const std::lock_guard lock(mutex_);
  if (beats_) beats_->nudge();
}

void ReportSender::stop() {
  stopping_ = true;
  std::unique_ptr<Periodic> beats;
  {
    const std::lock_guard lock(mutex_);
    beats = std::move(beats_);
  }
  if (beats) beats->stop();
}

ReportCounters ReportSender::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

void ReportSender::count(const std::string& reason) {
  const std::lock_guard lock(mutex_);
  ++counters_.failed[reason];
}

// What was being sent when the program ended may have gone: it is not sent again.
void ReportSender::close_begun() {
  const Instant now = parts_.clock->now();
  for (const Report& report : parts_.book->list(now)) {
    ReportState state = parts_.book->state_of(report.id, now);
    if (state.outcome != ReportState::sending) continue;
    state.outcome = ReportState::failed, state.error = "the server ended while this was being sent: whether it was sent is not known, and it is not sent again";
    if (!parts_.book->keep(state)) count("state");
  }
}

void ReportSender::beat() {
  const Instant now = parts_.clock->now();
  const auto asked = parts_.book->take_asked();
  for (const Report& report : parts_.book->list(now)) {
    if (stopping_) return;
    step(report, parts_.book->state_of(report.id, now), asked.contains(report.id));
  }
}

void ReportSender::step(const Report& report, ReportState state, bool asked) {
  const Instant now = parts_.clock->now();
  const ReportStep next = asked ? ReportStep{ReportStep::send, state.slot} : dashboard::step_of(report, state, now);
  if (next.what == ReportStep::nothing) return;
  const bool again = !asked && next.slot == state.slot;
  state.at = now, state.error.clear();
  if (!asked) state.attempts = again ? state.attempts + 1 : 1, state.slot = next.slot;
  if (next.what == ReportStep::give_up) {
    state.outcome = ReportState::failed, state.error = again ? "tried for an hour, and given up" : "missed: it was due while the server was not running";
    if (!parts_.book->keep(state)) count("state");
    return count("missed");
  }
  state.outcome = ReportState::sending;
  if (const Status kept = parts_.book->keep(state); !kept) return count("state");  // not sent: it could be sent twice
  Sent done = send(report, now);
  const bool later = done.answer.outcome == MailAnswer::later && !asked && std::size_t(state.attempts) <= std::size(dashboard::report_retries);
  state.outcome = done.answer.outcome == MailAnswer::sent ? ReportState::sent : later ? ReportState::retry : ReportState::failed;
  state.error = done.answer.error;
  if (state.outcome == ReportState::sent) {
    state.sent_at = parts_.clock->now();
    const std::lock_guard lock(mutex_);
    ++counters_.sent, counters_.recipients += report.to.size();
  } else {
    count(done.reason);
  }
  if (!parts_.book->keep(state)) count("state");  // what was begun stays begun on disk: it is not sent again
}

ReportSender::Sent ReportSender::send(const Report& report, Instant now) {
  dashboard::Preferences liked;
  if (!report.person.empty() && parts_.preferences) liked = parts_.preferences->of(report.person);
  liked.zone = report.when.zone, liked.hidden.clear();
  const auto of = dashboard::picture_of(report.page, liked, parts_.settings.brand, now);
  if (!of) return {{MailAnswer::refused, of.error().message}, "picture"};
  dashboard::PagePass pass{.customers = {}, .person = report.person, .preferences = liked, .still = nullptr};
  if (report.customer != "*") pass.customers = {report.customer};
  std::promise<Result<PagePictures>> promise;
  auto drawn = promise.get_future();
  parts_.give->take(*of, {.png = true, .pdf = report.pdf}, std::move(pass), [this] { return stopping_.load(); }, [&promise](Result<PagePictures> taken) { promise.set_value(std::move(taken)); });
  auto pictures = drawn.get();  // always answered: the camera has bounds of its own
  if (!pictures) {
    const bool later = pictures.error().code == Code::unavailable || pictures.error().code == Code::io;
    return {{later ? MailAnswer::later : MailAnswer::refused, "the picture: " + pictures.error().message}, "picture"};
  }
  const auto figures = headlines({[this](const Question& q) { return parts_.source->ask(q); }, [this](const LearningQuestion& q) { return parts_.source->learning(q); }}, report.page, scope_of(report, of->filters), dashboard::texts_of(liked.language), now);
  const std::string link = parts_.settings.public_url.empty() ? std::string() : parts_.settings.public_url + report.page;
  const auto message = to_mime(report_mail({report, *of, liked, parts_.settings.from, parts_.settings.brand, link, now}, figures, std::move(*pictures), auth::random_base62(24)));
  if (!message) return {{MailAnswer::refused, message.error().message}, "mail"};
  MailAnswer answer = send_mail(parts_.settings.smtp, parts_.settings.from, report.to, *message, [this] { return stopping_.load(); });
  const std::string reason = answer.outcome == MailAnswer::refused ? "refused" : answer.outcome == MailAnswer::unsure ? "unsure" : "later";
  return {std::move(answer), reason};
}

}  // namespace aybiza
