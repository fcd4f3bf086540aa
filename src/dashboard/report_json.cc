#include "dashboard/report_json.h"

#include "liveview/json.h"

namespace aybiza::dashboard {
namespace {

Status take(Report& report, std::string_view name, std::string_view text) {
  if (name == "name") report.name = text;
  else if (name == "page") report.page = text;
  else if (name == "to") report.to = parse_recipients(text);
  else if (name == "tz") report.when.zone = text;
  else if (name == "customer") report.customer = text;
  else if (name == "format" && (text == "pdf" || text == "png")) report.pdf = text == "pdf";
  else if (name == "format") return fail(Code::invalid, "format: '{}' is not known; write pdf or png", text);
  else if (name == "at") {
    const auto minute = parse_clock(text);
    if (!minute) return fail(Code::invalid, "at: '{}' is not a time of day; write 07:30", text);
    report.when.minute = *minute;
  } else if (name == "days") {
    const auto days = parse_days(text);
    if (!days) return fail(Code::invalid, "days: '{}' are no days; write daily, weekdays, or mon,tue,wed,thu,fri,sat,sun", text);
    report.when.days = *days;
  } else {
    return fail(Code::invalid, "'{}' is not a member here; known are name, page, to, at, days, tz, format, customer", name);
  }
  return {};
}

// A text; of `to` also a list of texts.
std::optional<std::string> text_of(const liveview::Json& value) {
  if (value.is_text()) return std::string(value.text());
  if (!value.array()) return std::nullopt;
  std::string out;
  for (const liveview::Json& one : *value.array()) {
    if (!one.is_text()) return std::nullopt;
    out.append(out.empty() ? "" : ",").append(one.text());
  }
  return out;
}

}  // namespace

Result<Report> report_from_json(std::string_view json) {
  const auto body = liveview::parse_json(json);
  if (!body || !body->object()) return fail(Code::invalid, "the body is not a JSON object");
  Report report;
  for (const auto& [name, value] : *body->object()) {
    const auto text = value.array() && name != "to" ? std::nullopt : text_of(value);
    if (!text) return fail(Code::invalid, "{}: a text is needed here", name);
    AYBIZA_TRY(take(report, name, *text));
  }
  return checked_report(std::move(report));
}

std::string report_to_json(const Report& report, const ReportState& state, Instant now) {
  liveview::JsonWriter json;
  const auto zone = Zone::load(report.when.zone);
  const auto next = report.on && zone ? next_slot(report.when, *zone, now) : std::nullopt;
  json.begin_object().field("id", report.id).field("name", report.name).field("page", report.page).field("format", report.pdf ? "pdf" : "png").key("to").begin_array();
  for (const std::string& one : report.to) json.text(one);
  json.end_array().field("at", clock_text(report.when.minute)).field("days", days_text(report.when.days)).field("tz", report.when.zone).field("customer", report.customer);
  json.field("on", report.on ? "on" : "off").field("by", report.by).field("next", next ? format_rfc3339(*next) : std::string()).field("last_sent", state.sent_at ? format_rfc3339(*state.sent_at) : std::string());
  json.field("outcome", to_string(state.outcome)).key("attempts").integer(state.attempts).field("last_attempt", state.at == Instant{} ? std::string() : format_rfc3339(state.at)).field("error", state.error);
  return json.end_object().str();
}

}  // namespace aybiza::dashboard
