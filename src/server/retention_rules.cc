#include "server/retention_rules.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "auth/file.h"
#include "base/limits.h"
#include "base/lines.h"
#include "store/rollup_tables.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

constexpr std::pair<std::string_view, Duration> rollup_names[] = {{"rollups_minute", 1min}, {"rollups_hour", 1h}, {"rollups_day", 24h}};

bool find(std::string_view name, RetentionRule& rule) {
  for (const auto& [rollup, step] : rollup_names)
    if (rollup == name) return rule.table = Table::rollups, rule.step = step, true;
  for (std::size_t i = 0; i < table_count; ++i) {
    const Table table = Table(i);
    if (table != Table::metric_series && table != Table::rollups && to_string(table) == name) return rule.table = table, true;
  }
  return false;
}

Result<RetentionRule> parse_line(std::string_view line) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at <= line.size();) {
    const std::size_t end = std::min(line.find('\t', at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  RetentionRule rule;
  if (words.size() != 3) return fail(Code::invalid, "a rule is what, days and then (delete or archive), with tabs between");
  if (!find(words[0], rule)) return fail(Code::invalid, "'{}' is not known; known are {}", words[0], fmt::join(retention_names(), ", "));
  rule.what = words[0];
  const auto [end, error] = std::from_chars(words[1].data(), words[1].data() + words[1].size(), rule.days);
  if (error != std::errc() || end != words[1].data() + words[1].size() || rule.days < retention_least_days || rule.days > 100'000)
    return fail(Code::invalid, "'{}' is not a number of days from {} to 100000", words[1], retention_least_days);
  if (words[2] != "delete" && words[2] != "archive") return fail(Code::invalid, "'{}' is not known; write delete or archive", words[2]);
  rule.archive = words[2] == "archive";
  if (rule.archive && rule.table == Table::rollups) return fail(Code::invalid, "rollups are not archived: they are small, and can be made anew while their rows are there; write delete");
  return rule;
}

// A turn's dimensions are its call's: without it, it would count as of nobody.
Status together(const std::vector<RetentionRule>& rules) {
  const auto calls = std::ranges::find(rules, Table::call_analytics, &RetentionRule::table);
  if (calls == rules.end()) return {};
  for (const Table part : {Table::conversation_turns, Table::usage_events, Table::interventions}) {
    const auto rule = std::ranges::find(rules, part, &RetentionRule::table);
    if (rule == rules.end() || rule->days > calls->days)
      return fail(Code::invalid, "{} would be kept longer than call_analytics ({} days), which say whose they are: give them a rule of at most as many days", to_string(part), calls->days);
    if (!rule->archive && calls->archive) continue;
    if (rule->archive && !calls->archive)
      return fail(Code::invalid, "{} would be archived and call_analytics, which say whose they are, deleted: archive both", to_string(part));
  }
  return {};
}

}  // namespace

std::filesystem::path retention_file(const std::filesystem::path& data) { return data / "retention.tsv"; }

std::vector<std::string> retention_names() {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < table_count; ++i)
    if (Table(i) != Table::metric_series && Table(i) != Table::rollups) out.emplace_back(to_string(Table(i)));
  for (const auto& [name, step] : rollup_names) out.emplace_back(name);
  return out;
}

Result<std::vector<RetentionRule>> parse_retention(std::string_view text) {
  std::vector<RetentionRule> rules;
  if (text.size() > limits::retention_file_bytes) return fail(Code::too_large, "more than {} bytes", limits::retention_file_bytes);
  for (Lines lines(text); lines.next_told();) {
    auto rule = parse_line(lines.line());
    if (!rule) return fail(rule.error().code, "line {}: {}", lines.number(), rule.error().message);
    if (std::ranges::find(rules, rule->what, &RetentionRule::what) != rules.end()) return fail(Code::invalid, "line {}: {} has a rule already", lines.number(), rule->what);
    rules.push_back(std::move(*rule));
  }
  AYBIZA_TRY(together(rules));
  return rules;
}

Result<std::vector<RetentionRule>> read_retention(const std::filesystem::path& data) {
  const auto text = auth::read_file(retention_file(data));
  if (!text && text.error().code == Code::not_found) return std::vector<RetentionRule>{};
  if (!text) return std::unexpected(text.error());
  auto rules = parse_retention(*text);
  if (!rules) return wrap(rules.error(), retention_file(data).string());
  return rules;
}

std::string to_text(const std::vector<RetentionRule>& rules) {
  std::string out = "# what\tdays\tthen: see docs/retention.md\n";
  for (const RetentionRule& rule : rules) out += fmt::format("{}\t{}\t{}\n", rule.what, rule.days, rule.archive ? "archive" : "delete");
  return out;
}

Instant rows_go_before(const std::vector<RetentionRule>& rules, Instant now) {
  Instant before = Instant::min();
  for (const RetentionRule& rule : rules)
    if (is_rolled(rule.table)) before = std::max(before, floor_to(now - rule.days * std::chrono::hours(24), std::chrono::hours(24)));
  return before;
}

}  // namespace aybiza
