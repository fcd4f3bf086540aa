#include "store/export.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "store/migrate.h"

namespace aybiza {
namespace {

// Every view under its name, and what has no times is not chosen by them.
TEST(Export, OfViews) {
  const std::vector<std::string_view> names = exportable_tables();
  for (const PublishedView& view : published_views())
    if (view.text.contains("CREATE ")) {
      EXPECT_TRUE(std::ranges::find(names, view.name.substr(3)) != names.end()) << view.name;
    }
  const Instant noon = from_micros(1'795'000'000'000'000);
  EXPECT_EQ(export_range("operational_efficiency_metrics", noon, Instant::max())->text(), " WHERE hour >= $1");
  EXPECT_EQ(export_range("rollups", noon, Instant::max())->text(), " WHERE bucket >= $1");
  EXPECT_EQ(export_range("customer_journey_analysis", Instant::min(), Instant::max())->text(), "");
  EXPECT_TRUE(export_range("customer_journey_analysis", noon, Instant::max()).error().message.contains("leave from and to out"));
  EXPECT_EQ(export_range("agent_performance_analysis", Instant::min(), noon).error().code, Code::invalid);
  EXPECT_EQ(export_range("duckdb_settings", Instant::min(), Instant::max()).error().code, Code::invalid);
}

TEST(Export, CsvText) {
  const auto check = [](std::string_view text, std::string_view expected) {
    std::string out;
    append_csv_text(out, text);
    EXPECT_EQ(out, expected);
  };
  check("", "");
  check("plain", "plain");
  check("a,b", "\"a,b\"");
  check("=SUM(A1)", "\"'=SUM(A1)\"");
  check("-2 of 5", "\"'-2 of 5\"");
  check("+1", "\"'+1\"");
  check("@x", "\"'@x\"");
  check("\tx", "\"'\tx\"");
  check("  =1", "\"'  =1\"");  // blanks before it do not help
  check("a=b", "a=b");
}

}  // namespace
}  // namespace aybiza
