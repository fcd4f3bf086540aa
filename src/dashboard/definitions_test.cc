// One source of definitions: docs/metrics.md says what the pages and the API say.
#include "dashboard/definitions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

#include "liveview/json.h"

namespace aybiza::dashboard {
namespace {

std::string metrics_page() {
  std::ifstream file(AYBIZA_SOURCE_DIR "/docs/metrics.md");
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Definitions, EveryFigureSaysWhatItIsInEveryLanguage) {
  for (const Texts* t : all_texts())
    for (const Definition& d : all_definitions(*t)) {
      for (const std::string_view text : {d.title, d.text, d.formula, d.source, d.counted}) EXPECT_FALSE(text.empty() || text.starts_with("[[")) << d.name << " in " << t->language();
      const bool translated = t == all_texts().front() || d.text != definition_of(d.name).text;
      EXPECT_TRUE(translated) << d.name << " is not said in " << t->language();
    }
}

TEST(Definitions, AreTheRowsOfTheTableOfTheDocument) {
  const std::string page = metrics_page();
  const auto escaped = [](std::string_view text) {
    std::string out;
    for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
    return out;
  };
  const auto table = all_definitions(*all_texts().front());
  for (const Definition& d : table) {
    std::string row = "\n| `" + std::string(d.name) + "` |";
    for (const std::string_view cell : {d.title, d.text, d.formula, d.source, d.unit, d.counted}) row += " " + escaped(cell) + " |";
    EXPECT_TRUE(page.contains(row)) << row;
  }
  std::set<std::string> told, known;
  for (const std::string_view key : all_texts().front()->keys())
    if (key.starts_with("figure.") && key.ends_with(".text")) told.emplace(key.substr(7, key.size() - 12));
  for (const Definition& d : table) known.emplace(d.name);
  told.erase("unknown");
  EXPECT_EQ(told, known);  // no row of a figure that is not there
}

TEST(Definitions, ABarWithinACellStays) {
  EXPECT_EQ(definition_of("improvement_list").formula, "(after − before) / |before|");
  EXPECT_EQ(definition_of("active_agents").unit, "agents");
  EXPECT_EQ(definition_of("success_rate").unit, "");
}

TEST(Definitions, TheApiSaysTheSame) {
  for (const Texts* t : all_texts()) {
    const auto json = liveview::parse_json(definitions_json(*t));
    ASSERT_TRUE(json.has_value());
    EXPECT_EQ((*json)["language"].text(), t->language());
    const auto* list = (*json)["definitions"].array();
    ASSERT_TRUE(list);
    ASSERT_EQ(list->size(), all_definitions(*t).size());
    for (const liveview::Json& one : *list) EXPECT_EQ(one["formula"].text(), definition_of(*t, one["name"].text()).formula);
  }
}

TEST(Definitions, AnUnknownNameSaysSo) { EXPECT_EQ(definition_of("no_such_figure").title, "Unknown"); }

}  // namespace
}  // namespace aybiza::dashboard
