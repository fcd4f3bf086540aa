// How long which rows are kept: the file DIR/retention.tsv, which also a running server follows.
//
// Shape    a line a rule: what, days, then (delete or archive), by tabs; # begins a comment. What no rule names is kept for good.
//          raw rows by the names of their tables, rollups as rollups_minute, rollups_hour, rollups_day.
// Errors   invalid with the line's number and what would have been right.
// Threads  values; none.
// Source   docs/retention.md.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/units.h"
#include "store/store.h"

namespace aybiza {

struct RetentionRule {
  std::string what;  // as in the file
  Table table{};
  Duration step{0};  // of rollups
  std::int64_t days = 0;
  bool archive = false;
};

inline constexpr std::int64_t retention_least_days = 2;  // what is younger may still change

std::filesystem::path retention_file(const std::filesystem::path& data);
std::vector<std::string> retention_names();
Result<std::vector<RetentionRule>> parse_retention(std::string_view text);
Result<std::vector<RetentionRule>> read_retention(const std::filesystem::path& data);  // no file: no rules
std::string to_text(const std::vector<RetentionRule>& rules);
// What lies before loses, by one of the rules, rows that rollups are made of: its minutes are kept then (query/rollup_repair.h). min(): nothing does.
Instant rows_go_before(const std::vector<RetentionRule>& rules, Instant now);

}  // namespace aybiza
