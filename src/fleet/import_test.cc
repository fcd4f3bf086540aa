// Tables as events: CSV by its letters, maps by their words, rows by their values.
#include <gtest/gtest.h>

#include "fleet/csv_reader.h"
#include "fleet/import_map.h"

namespace aybiza {
namespace {

std::string csv(std::string_view text) {
  CsvReader reader(text);
  std::string out;
  for (const std::string& name : reader.header()) out += "[" + name + "]";
  CsvRow row;
  while (reader.next(row)) {
    out += " " + std::to_string(row.line) + ":";
    if (!row.wrong.empty()) out += "!" + row.wrong;
    else
      for (const std::string& cell : row.cells) out += "[" + cell + "]";
  }
  return out;
}

TEST(Csv, RowsWithTheirLines) {
  const auto check = [](std::string_view text, std::string_view expected) { EXPECT_EQ(csv(text), expected) << text; };
  check("", "");
  check("a,b", "[a][b]");
  check("a,b\n1,2", "[a][b] 2:[1][2]");
  check("\xEF\xBB\xBF" "a,b\r\n1,2\r\n", "[a][b] 2:[1][2]");
  check("a,b\n\n1,\n\n,2\n", "[a][b] 3:[1][] 5:[][2]");
  check("a,b\n\"x,\"\"y\"\"\",\"two\nlines\"\n3,4\n", "[a][b] 2:[x,\"y\"][two\nlines] 4:[3][4]");  // a row of two lines
  check("a,b\n1\n2,3\n1,2,3\n4,5\n", "[a][b] 2:!1 cells, the header has 2 3:[2][3] 4:!3 cells, the header has 2 5:[4][5]");
  check("a,b\n\"open,2\n3,4\n", "[a][b] 2:!a quote is opened and not closed 3:[3][4]");
  check("a,b\nx\"y,2\n\"q\"z,1\n3,4", "[a][b] 2:!a quote stands inside a cell that does not begin with one 3:!text follows the quote that closes a cell 4:[3][4]");
  check("a,b\n\"1\",\"2\"\r\n\"\",\"\"", "[a][b] 2:[1][2] 3:[][]");
}

TEST(Import, DecimalsAreMovedExactly) {
  const auto check = [](std::string_view text, int places, std::string_view expected) { EXPECT_EQ(shift_decimal(text, places).value_or("no"), expected) << text << " " << places; };
  check("12.5", 3, "12500");
  check("12.5", 0, "12.5");
  check("12.50", -2, "0.125");
  check("0.1", -6, "0.0000001");
  check("-3", -2, "-0.03");
  check("+007", 0, "7");
  check("-0.0", 3, "0");
  check("1e-05", 0, "0.00001");
  check("1.5E+3", -3, "1.5");
  check("123456789012345678901234567890", 0, "123456789012345678901234567890");
  for (const char* none : {"", "-", ".", "1.2.3", "0x1", "1,5", "nan", "1e", "1e99", " 1"}) check(none, 0, "no");
  check(".5", 0, "0.5");
  check("5.", 1, "50");
}

std::string refusal(std::string_view map) {
  const auto members = parse_import_map(map);
  return members ? "taken" : members.error().message;
}

TEST(Import, MapsSayWhatIsWrong) {
  const std::string good = "type = 'call.ended'\ntime = at as unix_ms\n";
  EXPECT_EQ(refusal(good), "taken");
  EXPECT_EQ(refusal("# a comment\n\n" + good + "cost_usd = \"Price (ct)\" as cents\r\ncall_id=id"), "taken");
  EXPECT_EQ(refusal("type = 'turn'"), "nothing says the time of the events: give a map with a line like time = started_at as rfc3339");
  EXPECT_EQ(refusal("time = at as unix_s"), "nothing says the type of the events: give a map with a line like type = 'call.ended'");
  EXPECT_EQ(refusal(good + "cost_usd = price"), "line 3: say the unit of cost_usd: write `as` and one of usd, cents, usd_micro, usd_nano");
  EXPECT_EQ(refusal(good + "total_duration_ms = d as minutes"), "line 3: 'minutes' is no unit of total_duration_ms: known are ms, s, us");
  EXPECT_EQ(refusal("time = at"), "line 1: say the unit of time: write `as` and one of rfc3339, unix_s, unix_ms, unix_us");
  EXPECT_EQ(refusal(good + "region = r as eu"), "line 3: region has no unit: leave out `as eu`");
  EXPECT_EQ(refusal(good + "price = p"), "line 3: 'price' is no member of an event: type, id, time, and the fields of docs/ingest.md");
  EXPECT_EQ(refusal(good + "turn_key = p"), "line 3: 'turn_key' is no member of an event: type, id, time, and the fields of docs/ingest.md");
  EXPECT_EQ(refusal(good + "region = a\nregion = b"), "line 4: region is said twice");
  EXPECT_EQ(refusal(good + "region"), "line 3: write member = column, member = \"column\" as unit, or member = 'text'");
  EXPECT_EQ(refusal(good + "region = 'eu"), "line 3: a quote is opened and not closed");
  EXPECT_EQ(refusal(good + "region ="), "line 3: region names no column");
}

TEST(Import, ColumnsThatAreNotThere) {
  const auto bind = [](std::vector<std::string> columns) { return Importer::bind(parse_import_map("type = 'turn'\ntime = at as unix_s\ncall_id = call").value(), columns); };
  EXPECT_EQ(bind({"at", "Call"}).error().message, "the file has no column 'call', which the map takes for call_id; it has at, Call: correct the map, or the file's header");
  EXPECT_EQ(bind({"at", "call", "call"}).error().message, "the file has two columns 'call': give them names of their own");
  const std::vector<std::string> columns = {"at", "call", "note", "more"};
  EXPECT_EQ(bind(columns)->unused(columns), (std::vector<std::string>{"note", "more"}));
  EXPECT_EQ(own_names({"a", "b"}).error().message, "nothing says the type of the events: give a map with a line like type = 'call.ended'");
  EXPECT_EQ(own_names({"type", "time", "cost_usd", "x"})->size(), 3u);
}

class Row {
 public:
  explicit Row(std::string_view map, std::vector<std::string> columns) : importer_(Importer::bind(parse_import_map(map).value(), columns).value()) {}
  std::string of(std::vector<std::string> cells) {
    const auto event = importer_.event(cells);
    return event ? *event : event.error().message;
  }

 private:
  Importer importer_;
};

TEST(Import, RowsAsEvents) {
  Row row("type = 'call.ended'\nid = key\ntime = at as unix_ms\ncall_id = call\ntotal_duration_ms = secs as s\ncost_usd = cents as cents\nescalated = esc\nstarted_at = began as unix_s\ntokens_consumed = n\n"
          "call_outcome = out\n",
          {"key", "at", "call", "secs", "cents", "esc", "began", "n", "out"});
  EXPECT_EQ(row.of({"k1", "1795000000123", "c-1", "90.5", "12.345", "yes", "1794999909.5", "1200", "successful"}),
            R"({"type":"call.ended","id":"k1","time":"2026-11-18T11:06:40.123Z","data":{"call_id":"c-1","total_duration_ms":90500,"cost_usd":0.12345,"escalated":true,)"
            R"("started_at":"2026-11-18T11:05:09.500Z","tokens_consumed":1200,"call_outcome":"successful"}})");
  EXPECT_EQ(row.of({"k2", "1795000000000", "", "", "", "", "", "", ""}), R"({"type":"call.ended","id":"k2","time":"2026-11-18T11:06:40.000Z","data":{}})");
  EXPECT_EQ(row.of({"k3", "yesterday", "", "", "", "", "", "", ""}), "column at: 'yesterday' is not a number of seconds, milliseconds or microseconds");
  EXPECT_EQ(row.of({"k3", "1", "", "", "3 ct", "", "", "", ""}), "column cents: '3 ct' is not a number");
  EXPECT_EQ(row.of({"k3", "1", "", "", "", "maybe", "", "", ""}), "column esc: 'maybe' is not true or false");
}

TEST(Import, RowsWithoutAnIdAreToldApartByContentAndPlace) {
  const auto ids = [](std::vector<std::vector<std::string>> rows) {
    Row row("type = 'turn'\ntime = at as unix_s", {"at", "note"});
    std::vector<std::string> out;
    for (auto& cells : rows) {
      const std::string event = row.of(std::move(cells));
      out.push_back(event.substr(event.find("\"id\":\"") + 6, 38));
    }
    return out;
  };
  const auto once = ids({{"1", "a"}, {"1", "b"}, {"1", "a"}, {"1a", ""}}), again = ids({{"1", "a"}, {"1", "b"}, {"1", "a"}});
  EXPECT_EQ(once[0].substr(0, 36), once[2].substr(0, 36));
  EXPECT_EQ(once[0].substr(36), "-1");
  EXPECT_EQ(once[2].substr(36), "-2");
  EXPECT_NE(once[0].substr(0, 36), once[1].substr(0, 36));
  EXPECT_EQ(std::vector(once.begin(), once.begin() + 3), again);
}

}  // namespace
}  // namespace aybiza
