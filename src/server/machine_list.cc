#include "server/machine_list.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "base/limits.h"
#include "query/sql_text.h"

namespace aybiza {
namespace {

struct MachineFigure {
  std::string_view column;
  Number SystemRow::*member;
  double unit;
};
constexpr MachineFigure machine_figures[] = {{"concurrent_calls", &SystemRow::concurrent_calls, 1}, {"cpu_utilization_pct", &SystemRow::cpu_e4, 1e4},
                              {"memory_utilization_pct", &SystemRow::memory_e4, 1e4}, {"network_latency_ms", &SystemRow::network_latency_us, 1e3},
                              {"error_rate", &SystemRow::error_rate_e4, 1e4},         {"availability_pct", &SystemRow::availability_e4, 1e4},
                              {"sla_compliance_pct", &SystemRow::sla_e4, 1e4},        {"max_capacity", &SystemRow::max_capacity, 1},
                              {"utilization_pct", &SystemRow::utilization_e4, 1e4},   {"queue_depth", &SystemRow::queue_depth, 1}};

std::string text_of(const Cell& cell) {
  const auto* text = std::get_if<std::string_view>(&cell);
  return text ? std::string(*text) : std::string();
}

SystemRow machine_of(const Rows& rows, std::size_t row) {
  SystemRow out;
  const Cell time = rows.cell(row, 0);
  if (const auto* at = std::get_if<Instant>(&time)) out.time = *at;
  out.customer = text_of(rows.cell(row, 1)), out.region = text_of(rows.cell(row, 2));
  for (std::size_t i = 0; i < std::size(machine_figures); ++i)
    if (const auto value = as_real(rows.cell(row, 3 + i))) out.*machine_figures[i].member = std::llround(*value * machine_figures[i].unit);
  return out;
}

}  // namespace

Result<std::vector<SystemRow>> newest_machines(Store& store, const std::vector<std::string>& customers, const std::string& customer, Instant since, Duration deadline) {
  SqlText sql;
  std::string where = fmt::format("time >= make_timestamptz({})", to_micros(since));
  std::vector<std::string> allowed;
  for (const std::string& one : customers) allowed.push_back(sql.bind(one));
  if (!allowed.empty()) where += fmt::format(" AND customer_id IN ({})", fmt::join(allowed, ", "));
  if (!customer.empty()) where += fmt::format(" AND customer_id = {}", sql.bind(customer));
  std::string columns;
  for (const MachineFigure& figure : machine_figures) columns.append(", ").append(figure.column);
  auto rows = store.sql(fmt::format("SELECT DISTINCT ON (coalesce(customer_id, ''), region) time, coalesce(customer_id, ''), region{} FROM system_performance_metrics WHERE {}"
                                    " ORDER BY coalesce(customer_id, ''), region, time DESC LIMIT {}", columns, where, limits::page_machines),
                        sql.params(), deadline);
  if (!rows) return std::unexpected(rows.error());
  std::vector<SystemRow> out;
  for (;;) {
    const auto more = (*rows)->next();
    if (!more) return std::unexpected(more.error());
    if (!*more) return out;
    for (std::size_t row = 0; row < (*rows)->row_count(); ++row) out.push_back(machine_of(**rows, row));
  }
}

}  // namespace aybiza
