#include "server/report_mail.h"

#include <array>

#include "dashboard/definitions.h"
#include "dashboard/frame.h"
#include "dashboard/show.h"
#include "dashboard/texts.h"
#include "live/conversations.h"
#include "live/costs.h"
#include "live/learning_progress.h"
#include "liveview/text.h"
#include "net/http.h"

namespace aybiza {
namespace {

using dashboard::Format;

struct HeadlineFigure {
  std::string_view measure, title;  // title: the text's key
  Format format;
};
constexpr HeadlineFigure figures[] = {{"calls", "report.calls", Format::count}, {"success_rate", "report.success", Format::share}, {"p95_voice_latency_ms", "report.latency", Format::milliseconds},
                              {"avg_sentiment", "report.sentiment", Format::score}, {"cost_usd", "report.cost", Format::usd}};

std::string escaped(std::string_view text) {
  std::string out;
  liveview::append_html_escaped(out, text);
  return out;
}

}  // namespace

ViewScope scope_of(const dashboard::Report& report, const dashboard::Filters& filters) {
  ViewScope scope;
  if (report.customer != "*") scope.customers = {report.customer};
  scope.customer = filters.customer, scope.region = filters.region, scope.range = filters.range, scope.zone = filters.zone;
  if (filters.custom()) scope.from = filters.from, scope.to = filters.to;
  return scope;
}

namespace {

Headline headline_of(const TileState& tile, const dashboard::Texts& t) {
  const dashboard::Definition& d = dashboard::definition_of(t, tile.name);
  const std::string shown = dashboard::show(t, d.format, tile.value);
  return {std::string(d.title), d.unit.empty() || !tile.value ? shown : fmt::format("{} {}", shown, d.unit)};
}

template <std::size_t tiles>
std::vector<Headline> of_tiles(const std::array<TileState, tiles>& all, const dashboard::Texts& t) {
  std::vector<Headline> out;
  for (const TileState& tile : all) out.push_back(headline_of(tile, t));
  return out;
}

std::vector<Headline> of_calls(const Ask& ask, const ViewScope& scope, const dashboard::Texts& texts, Instant now) {
  Question question;
  for (const HeadlineFigure& figure : figures) question.measures.push_back(*parse_measure(figure.measure));
  const Range range = range_of(scope, now);
  question.from = range.from, question.to = range.to, question.where = filters_of(scope), question.zone = scope.zone, question.limit = 1;
  const auto answer = ask(question);
  std::vector<Headline> out;
  for (std::size_t i = 0; i < std::size(figures); ++i) {
    const bool there = answer && !answer->rows.empty() && i < answer->rows[0].size();
    const auto* value = there ? std::get_if<double>(&answer->rows[0][i]) : nullptr;
    out.push_back({std::string(texts(figures[i].title)), dashboard::show(texts, figures[i].format, value ? std::optional(*value) : std::nullopt)});
  }
  return out;
}

}  // namespace

std::vector<Headline> headlines(const HeadlineAsks& asks, std::string_view page, const ViewScope& scope, const dashboard::Texts& texts, Instant now) {
  const std::string_view path = page.substr(0, page.find('?'));
  if (path == "/costs") return of_tiles(compute_costs(asks.ask, scope, now).tiles, texts);
  if (path == "/conversations") return of_tiles(compute_conversations(asks.ask, scope, now).tiles, texts);
  if (path == "/learning") return of_tiles(compute_learning(asks.ask, asks.rows, scope, now).tiles, texts);
  ViewScope own = scope;
  constexpr std::string_view agent = "/agents/";
  if (path.starts_with(agent)) own.agent = net::percent_decode(path.substr(agent.size())).value_or(std::string(path));
  return of_calls(asks.ask, own, texts, now);
}

Mail report_mail(const ReportMailParts& parts, const std::vector<Headline>& shown, PagePictures pictures, std::string id) {
  const auto& t = dashboard::texts_of(parts.liked.language);
  const std::string of = fmt::format("{} · {}", parts.of.title, dashboard::scope_words(parts.of.filters, t));
  const std::string whose = parts.report.customer == "*" ? std::string(t("frame.all_customers")) : parts.report.customer;
  Mail mail;
  mail.from = parts.from, mail.from_name = parts.brand, mail.to = parts.report.to, mail.id = std::move(id), mail.date = parts.now;
  mail.subject = fmt::format("{} · {}", parts.report.name, parts.of.moment);
  mail.text = fmt::format("{}\r\n{}\r\n{}\r\n{}\r\n\r\n", parts.report.name, of, whose, t("report.as_of", parts.of.moment));
  std::string rows;
  for (const Headline& one : shown) {
    mail.text += fmt::format("{}: {}\r\n", one.title, one.figure);
    rows += fmt::format("<tr><td style=\"padding:4px 24px 4px 0;color:#555\">{}</td><td style=\"padding:4px 0;text-align:right\"><b>{}</b></td></tr>", escaped(one.title), escaped(one.figure));
  }
  std::string link;
  if (!parts.link.empty()) {
    mail.text += fmt::format("\r\n{}\r\n", parts.link);
    link = fmt::format("<p><a href=\"{}\">{}</a></p>", escaped(parts.link), escaped(t("report.open")));
  }
  mail.text += fmt::format("\r\n-- \r\n{}\r\n", t("report.why", parts.brand, parts.report.by));
  mail.html = fmt::format("<!doctype html><html><body style=\"font-family:sans-serif;color:#1a1a1a\"><h2 style=\"margin:0\">{}</h2><p style=\"margin:4px 0 12px;color:#555\">{}<br>{} · {}</p><table style=\"border-collapse:collapse\">{}</table>{}"
                          "<p><img src=\"cid:page\" alt=\"{}\" width=\"960\" style=\"max-width:100%;height:auto;border:1px solid #ddd\"></p><p style=\"color:#777;font-size:12px\">{}</p></body></html>",
                          escaped(parts.report.name), escaped(of), escaped(whose), escaped(t("report.as_of", parts.of.moment)), rows, link, escaped(of), escaped(t("report.why", parts.brand, parts.report.by)));
  mail.pictures.push_back({"image/png", parts.of.name + ".png", "page", std::move(pictures.png)});
  if (!pictures.pdf.empty()) mail.files.push_back({"application/pdf", parts.of.name + ".pdf", "", std::move(pictures.pdf)});
  return mail;
}

}  // namespace aybiza
