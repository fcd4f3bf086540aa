// docs/sql.md lists what is there: every table, view and column with its type and meaning, no more and no less.
// AYBIZA_UPDATE_DOCS=1 writes the lists anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "store/duckdb_store.h"
#include "store/scratch.h"

namespace aybiza {
namespace {

constexpr std::string_view begin_mark = "<!-- columns: begin -->\n", end_mark = "<!-- columns: end -->\n";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) out.append(c == '|' ? "\\" : "").append(1, c);
  return out;
}

std::string type_of(std::string_view type) {
  return std::string(type == "TIMESTAMP WITH TIME ZONE" ? "TIMESTAMPTZ" : type == "VARCHAR" ? "TEXT" : type);
}

std::string lists(Store& store) {
  auto rows = store.sql(
      "SELECT c.table_name, coalesce(t.comment, v.comment), c.column_name, c.data_type, c.comment, v.view_name IS NOT NULL "
      "FROM duckdb_columns() c LEFT JOIN duckdb_tables() t ON t.table_name = c.table_name LEFT JOIN duckdb_views() v ON v.view_name = c.table_name "
      "WHERE NOT c.internal AND c.schema_name = 'main' AND c.table_name NOT IN ('schema_migrations', 'published_views') "
      "ORDER BY v.view_name IS NOT NULL, c.table_name, c.column_index",
      {});
  EXPECT_TRUE(rows.has_value()) << rows.error().message;
  std::string out, table;
  while (rows && (*rows)->next().value_or(false)) {
    for (std::size_t row = 0; row < (*rows)->row_count(); ++row) {
      const auto text = [&](std::size_t column) {
        const Cell cell = (*rows)->cell(row, column);
        const auto* found = std::get_if<std::string_view>(&cell);
        if (!found) ADD_FAILURE() << "no meaning: " << out.substr(out.size() - std::min<std::size_t>(out.size(), 80));
        return found ? std::string(*found) : std::string();
      };
      if (const std::string name = text(0); name != table) {
        table = name;
        out += fmt::format("\n### {}\n{}{}\n\n| column | type | meaning |\n|---|---|---|\n", table,
                           as_integer((*rows)->cell(row, 5)) == 1 ? "View. " : "", text(1));
      }
      out += fmt::format("| `{}` | {} | {} |\n", text(2), type_of(text(3)), escaped(text(4)));
    }
  }
  return out;
}

TEST(Docs, ListWhatIsThere) {
  const Scratch scratch;
  const ManualClock clock(from_micros(1'795'000'000'000'000));
  auto store = open_duckdb_store({.directory = scratch.path(), .node = "local", .clock = &clock});
  ASSERT_TRUE(store.has_value()) << store.error().message;
  const std::string path = std::string(AYBIZA_SOURCE_DIR) + "/docs/sql.md", expected = lists(**store);
  std::stringstream read;
  read << std::ifstream(path).rdbuf();
  std::string text = read.str();
  const std::size_t begin = text.find(begin_mark), end = text.find(end_mark);
  ASSERT_TRUE(begin != text.npos && end != text.npos) << path << " has lost its marks";
  const std::size_t from = begin + begin_mark.size();
  if (std::getenv("AYBIZA_UPDATE_DOCS")) std::ofstream(path) << text.replace(from, end - from, expected);
  else EXPECT_EQ(text.substr(from, end - from), expected) << "AYBIZA_UPDATE_DOCS=1 store_test writes it anew";
}

}  // namespace
}  // namespace aybiza
