#include "aggregate/well_known.h"

#include <cmath>

namespace aybiza {
namespace {

enum class Unit { count, share, percent, milliseconds };
enum class Match { exactly, at_end, anywhere };

struct Rule {
  std::string_view name;
  Match match;
  Number SystemRow::*column;
  Unit unit;  // of the column
};

constexpr Rule rules[] = {
    {".concurrent_calls", Match::at_end, &SystemRow::concurrent_calls, Unit::count},
    {"calls.active", Match::exactly, &SystemRow::concurrent_calls, Unit::count},
    {"lk_agents_active_job_count", Match::exactly, &SystemRow::concurrent_calls, Unit::count},
    {"system.cpu.utilization", Match::exactly, &SystemRow::cpu_e4, Unit::percent},
    {"process.cpu.utilization", Match::exactly, &SystemRow::cpu_e4, Unit::percent},
    {"system.memory.utilization", Match::exactly, &SystemRow::memory_e4, Unit::percent},
    {".network_latency", Match::anywhere, &SystemRow::network_latency_us, Unit::milliseconds},
    {".rtt", Match::at_end, &SystemRow::network_latency_us, Unit::milliseconds},
    {".queue_depth", Match::at_end, &SystemRow::queue_depth, Unit::count},
    {"vm.total_run_queue_lengths.total", Match::exactly, &SystemRow::queue_depth, Unit::count},
    {".error_rate", Match::at_end, &SystemRow::error_rate_e4, Unit::share},
    {"lk_agents_worker_load", Match::exactly, &SystemRow::utilization_e4, Unit::percent},
    {"availability_pct", Match::exactly, &SystemRow::availability_e4, Unit::percent},
    {"sla_compliance_pct", Match::exactly, &SystemRow::sla_e4, Unit::percent},
    {"max_capacity", Match::exactly, &SystemRow::max_capacity, Unit::count},
};

bool fits(const Rule& rule, std::string_view name) {
  switch (rule.match) {
    case Match::exactly: return name == rule.name;
    case Match::at_end: return name.ends_with(rule.name);
    case Match::anywhere: return name.find(rule.name) != std::string_view::npos;
  }
  return false;
}

// The value of a tag as canonical tags spell it; empty: not there, or not a plain word.
std::string_view plain_tag(std::string_view tags, std::string_view key) {
  for (std::size_t at = tags.find(key); at != std::string_view::npos; at = tags.find(key, at + 1)) {
    const std::size_t after = at + key.size();
    if (at < 2 || tags[at - 1] != '"' || (tags[at - 2] != '{' && tags[at - 2] != ',') || tags.substr(after, 3) != "\":\"") continue;
    const std::string_view rest = tags.substr(after + 3);
    const std::string_view value = rest.substr(0, rest.find('"'));
    return value.find('\\') == std::string_view::npos ? value : std::string_view{};
  }
  return {};
}

// What divides one machine's figure into several series.
bool is_part(std::string_view tags) {
  for (const std::string_view key : {"state", "cpu.mode", "cpu", "cpu.logical_number", "system.memory.state", "__other__"})
    if (!plain_tag(tags, key).empty()) return true;
  return false;
}

// What a percentage, a share and a time are in the sender's unit.
std::optional<std::pair<double, double>> scale_and_max(Unit column, std::string_view unit, bool percent_by_name) {
  constexpr double count_max = 1e15, millis_max = 31.0 * 86'400'000;
  switch (column) {
    case Unit::count: return std::pair(1.0, count_max);
    case Unit::share: return unit == "%" ? std::pair(1e2, 100.0) : std::pair(1e4, 1.0);
    case Unit::percent: return unit == "%" || percent_by_name ? std::pair(1e4, 100.0) : std::pair(1e6, 1.0);
    case Unit::milliseconds:
      for (const auto& [word, micros] : {std::pair("", 1e3), {"ms", 1e3}, {"s", 1e6}, {"us", 1.0}, {"ns", 1e-3}})
        if (unit == word) return std::pair(micros, millis_max * 1e3 / micros);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> WellKnown::in_memory(double value) const {
  if (!(value >= 0 && value <= max)) return std::nullopt;
  return std::llrint(value * scale);
}

std::optional<WellKnown> well_known(std::string_view name, std::string_view unit, std::string_view tags) {
  for (const Rule& rule : rules) {
    if (!fits(rule, name)) continue;
    const auto scale = scale_and_max(rule.unit, unit, name.ends_with("_pct"));
    if (!scale || is_part(tags)) return std::nullopt;
    std::string_view region = plain_tag(tags, "region");
    if (region.empty()) region = plain_tag(tags, "cloud.region");
    return WellKnown{rule.column, scale->first, scale->second, std::string(region.empty() ? "unknown" : region)};
  }
  return std::nullopt;
}

}  // namespace aybiza
