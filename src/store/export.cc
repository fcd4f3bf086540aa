#include "store/export.h"

#include <cmath>
#include <iterator>

#include "base/limits.h"

namespace aybiza {
namespace {

// The allow-list: name and the column its range is of; "": a view of fixed time that has none.
constexpr std::pair<std::string_view, std::string_view> published[] = {
    {"call_analytics", "time"},
    {"conversation_turns", "time"},
    {"usage_events", "time"},
    {"interventions", "time"},
    {"system_performance_metrics", "time"},
    {"agent_performance_metrics", "time"},
    {"call_analytics_hourly", "bucket"},
    {"business_metrics_daily", "bucket"},
    {"agent_performance_ranking_daily", "bucket"},
    {"agent_performance_analysis", ""},
    {"real_time_quality_metrics", "time_window"},
    {"customer_journey_analysis", ""},
    {"operational_efficiency_metrics", "hour"},
    {"system_health_alerts", "time"},
    {"agent_status", "time"},
    {"metric_points", "time"},
    {"metric_distributions", "time"},
    {"learning_events", "time"},
    {"change_events", "time"},
    {"raw_events", "time"},
    {"rollups", "bucket"},
};

// What a cell of no text type looks like; the same in CSV and NDJSON.
void append_plain(std::string& out, const Cell& cell, std::string_view quote) {
  auto to = std::back_inserter(out);
  if (const auto* flag = std::get_if<bool>(&cell)) {
    out += *flag ? "true" : "false";
  } else if (const auto* integer = std::get_if<std::int64_t>(&cell)) {
    fmt::format_to(to, "{}", *integer);
  } else if (const auto* real = std::get_if<double>(&cell)) {
    if (std::isfinite(*real)) fmt::format_to(to, "{}", *real);
    else out += quote.empty() ? "" : "null";  // neither format has a word for it
  } else if (const auto* decimal = std::get_if<Decimal>(&cell)) {
    out += to_string(*decimal);
  } else if (const auto* time = std::get_if<Instant>(&cell)) {
    out += quote;
    append_rfc3339(out, *time);
    out += quote;
  } else if (const auto* id = std::get_if<Id>(&cell)) {
    out.append(quote).append(to_string(*id)).append(quote);
  } else if (const auto* blob = std::get_if<Blob>(&cell)) {
    out += quote;
    for (const char byte : blob->bytes) fmt::format_to(to, "{:02x}", static_cast<unsigned char>(byte));
    out += quote;
  }
}

template <typename WriteRow>
Status write_all(Rows& rows, const ByteSink& sink, std::string out, WriteRow write_row) {
  for (;;) {
    const auto more = rows.next();
    if (!more) return std::unexpected(more.error());
    if (!*more) break;
    for (std::size_t row = 0; row < rows.row_count(); ++row) {
      write_row(out, row);
      if (out.size() < limits::export_piece_bytes) continue;
      AYBIZA_TRY(sink(out));
      out.clear();
    }
  }
  return out.empty() ? Status{} : sink(out);
}

}  // namespace

void append_csv_text(std::string& out, std::string_view text) {
  // A spreadsheet reads a cell that begins with one of these as a formula, also behind blanks and quotes.
  const std::size_t first = text.find_first_not_of(" \"");
  const bool formula = first != std::string_view::npos &&
                       std::string_view("=+-@\t\r\n|%").find(text[first]) != std::string_view::npos;
  const bool quoted = formula || text.find_first_of(",\"\r\n") != std::string_view::npos;
  if (!quoted) {
    out += text;
    return;
  }
  out += '"';
  if (formula) out += '\'';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void append_json_text(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20)
          fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
        else
          out += c;
    }
  }
  out += '"';
}

Status write_csv(Rows& rows, const ByteSink& sink) {
  std::string header;
  for (const std::string& name : rows.columns()) {
    if (!header.empty()) header += ',';
    append_csv_text(header, name);
  }
  header += "\r\n";
  const std::size_t width = rows.columns().size();
  return write_all(rows, sink, std::move(header), [&](std::string& out, std::size_t row) {
    for (std::size_t column = 0; column < width; ++column) {
      if (column > 0) out += ',';
      const Cell cell = rows.cell(row, column);
      if (const auto* text = std::get_if<std::string_view>(&cell)) append_csv_text(out, *text);
      else append_plain(out, cell, "");
    }
    out += "\r\n";
  });
}

Status write_ndjson(Rows& rows, const ByteSink& sink) {
  std::vector<std::string> keys;
  for (const std::string& name : rows.columns()) {
    std::string& key = keys.emplace_back(keys.empty() ? "{" : ",");
    append_json_text(key, name);
    key += ':';
  }
  return write_all(rows, sink, {}, [&](std::string& out, std::size_t row) {
    for (std::size_t column = 0; column < keys.size(); ++column) {
      out += keys[column];
      const Cell cell = rows.cell(row, column);
      if (is_null(cell)) out += "null";
      else if (const auto* text = std::get_if<std::string_view>(&cell)) append_json_text(out, *text);
      else append_plain(out, cell, "\"");
    }
    out += "}\n";
  });
}

Result<Where> export_range(std::string_view table, Instant from, Instant to) {
  for (const auto& [name, column] : published) {
    if (name != table) continue;
    if (column.empty() && (from != Instant::min() || to != Instant::max()))
      return fail(Code::invalid, "{} has no column of times: leave from and to out, it is of {}", table, table == "customer_journey_analysis" ? "the last 90 days" : "the last twelve whole weeks");
    return column.empty() ? Where() : time_range(column, from, to);
  }
  return fail(Code::invalid, "there is no table {} to export", table);
}

std::vector<std::string_view> exportable_tables() {
  std::vector<std::string_view> out;
  for (const auto& [name, column] : published) out.push_back(name);
  return out;
}

}  // namespace aybiza
