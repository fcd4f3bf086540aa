#include "store/duck_rollups.h"

#include <fmt/format.h>

#include <array>

#include "store/duck_write.h"

namespace aybiza {
namespace {

constexpr const char* parts[] = {"rollups_minute", "rollups_narrow", "rollups_agent", "rollups_rest"};

// As the view's conditions have it.
std::size_t part_of(const RollupRow& row) {
  if (row.step <= std::chrono::minutes(1)) return 0;
  if (row.dimension.empty() || row.dimension == "region") return 1;
  return row.dimension == "agent_id" ? 2 : 3;
}

}  // namespace

std::vector<std::string> delete_rollups_text(const DuckConnection&, std::optional<Duration> step, std::string_view condition) {
  std::vector<std::string> out;
  for (const char* part : !step ? std::span(parts) : *step <= std::chrono::minutes(1) ? std::span(parts).first(1) : std::span(parts).subspan(1))
    out.push_back(fmt::format("DELETE FROM parts.{} AS made WHERE {}", part, condition));
  return out;
}

Status insert_rollups(DuckConnection& writer, std::span<const RollupRow* const> rows) {
  std::array<std::vector<const RollupRow*>, std::size(parts)> sorted;
  for (const RollupRow* row : rows) sorted[part_of(*row)].push_back(row);
  std::uint64_t none = 0;  // counts and bytes fit
  for (std::size_t i = 0; i < sorted.size(); ++i) AYBIZA_TRY(insert_rows<RollupRow>(writer, "parts", parts[i], sorted[i], none));
  return {};
}

}  // namespace aybiza
