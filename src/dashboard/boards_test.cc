// Preferences, texts and boards: what is kept, what is refused and why, and who sees what.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>

#include "auth/file.h"
#include "base/ids.h"
#include "dashboard/board_store.h"
#include "dashboard/page_limits.h"
#include "dashboard/preferences.h"
#include "dashboard/texts.h"

namespace aybiza::dashboard {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class KeptTest : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(dir_); }
  void TearDown() override { fs::remove_all(dir_); }
  std::unique_ptr<BoardStore> open() { return *BoardStore::open(dir_); }
  const fs::path dir_ = fs::temp_directory_path() / ("aybiza-kept-" + to_string(random_id()));
  const BoardReader ada_{"ada", "acme"}, bob_{"bob", "acme"}, eve_{"eve", "globex"};
};

TEST(TextFiles, EveryLanguageHasEveryKeyAndItsHoles) {
  const auto holes = [](std::string_view text) {
    int n = 0;
    for (std::size_t at = text.find("{}"); at != text.npos; at = text.find("{}", at + 2)) ++n;
    return n;
  };
  const Texts& english = *all_texts().front();
  ASSERT_GE(all_texts().size(), 2u);
  for (const Texts* other : all_texts()) {
    EXPECT_EQ(other->keys(), english.keys()) << other->language();
    for (const std::string_view key : english.keys()) EXPECT_EQ(holes((*other)(key)), holes(english(key))) << key;
  }
  EXPECT_EQ(texts_of("de")("tab.costs"), "Kosten");
  EXPECT_EQ(texts_of("xx")("tab.costs"), "Costs");
  EXPECT_EQ(texts_of("de")("board.some", 3, 7), "3 von 7");
  EXPECT_EQ(english("no.such"), "[[no.such]]");
}

// Every key that the sources name is there: whatever text begins like a key is one. Keys that are put together are looked at by the browser's tests.
TEST(TextFiles, EveryKeyThatIsNamedIsThere) {
  const Texts& english = texts_of("en");
  std::set<std::string> beginnings;
  for (const std::string_view key : english.keys()) beginnings.emplace(key.substr(0, key.find('.')));
  const std::regex named(R"re("([a-z_]+)(\.[a-z0-9_.]*[a-z0-9])")re");
  std::set<std::string> found;
  for (const auto& entry : fs::directory_iterator(fs::path(AYBIZA_SOURCE_DIR) / "src/dashboard")) {
    if (entry.path().extension() != ".cc" || entry.path().string().ends_with("_test.cc")) continue;
    const std::string text = *auth::read_file(entry.path());
    for (std::sregex_iterator at(text.begin(), text.end(), named), end; at != end; ++at) {
      const std::string key = (*at)[1].str() + (*at)[2].str();
      if (!beginnings.contains((*at)[1].str()) || key.ends_with(".js")) continue;
      EXPECT_TRUE(english.find(key)) << key << " in " << entry.path();
      found.insert(key);
    }
  }
  EXPECT_GT(found.size(), 400u);
}

TEST_F(KeptTest, PreferencesComeBackAndDamageCountsAsNone) {
  Preferences liked;
  liked.theme = Theme::dark, liked.density = Density::compact, liked.language = "de", liked.zone = "Europe/Berlin", liked.range = "24h", liked.hidden = {"volume", "fleet"};
  {
    PreferenceStore store(dir_);
    EXPECT_EQ(store.of("ada"), Preferences());
    ASSERT_TRUE(store.set("ada", liked).has_value());
  }
  PreferenceStore store(dir_);
  liked.hidden = {"fleet", "volume"};
  EXPECT_EQ(store.of("ada"), liked);
  EXPECT_EQ(store.of("bob"), Preferences());
  EXPECT_EQ(tiles_style(liked), "#tile-fleet,#tile-volume{display:none}");
  liked.hidden = {"learning/success_rate"}, liked.order["agents"] = {"heat", "no such", "fleet", "heat"}, liked.order["costs"] = {"spend_usd"}, liked.order["nowhere"] = {"x"};
  liked = checked(liked);
  EXPECT_EQ(liked.order, (std::map<std::string, std::vector<std::string>, std::less<>>{{"agents", {"heat", "fleet", "fleet_worst", "work_regions", "work", "work_rates", "learners"}}}));  // the costs are as they come
  EXPECT_EQ(parse_preferences(to_json(liked)), liked);
  EXPECT_EQ(tiles_style(liked), "#learning-page>#tile-success_rate{display:none}#agents-page>.grid>:is(#tile-heat,#entry-heat){order:1}"
                                "#agents-page>.grid>:is(#tile-fleet,#entry-fleet){order:2}#agents-page>.grid>:is(#tile-fleet_worst,#entry-fleet_worst){order:3}#agents-page>.grid>:is(#tile-work_regions,#entry-work_regions){order:4}"
                                "#agents-page>.grid>:is(#tile-work,#entry-work){order:5}#agents-page>.grid>:is(#tile-work_rates,#entry-work_rates){order:6}#agents-page>.grid>:is(#tile-learners,#entry-learners){order:7}");
  std::ofstream(dir_ / "preferences" / "eve.json") << "{\"theme\":";
  EXPECT_EQ(store.of("eve"), Preferences());
  EXPECT_EQ(parse_preferences(R"({"theme":"pink","zone":"Mars/Base","range":"9y","language":"tlh","hidden":["x{}","volume"]})").hidden, std::vector<std::string>{"volume"});
  EXPECT_EQ(parse_preferences(R"({"theme":"pink","zone":"Mars/Base","range":"9y","language":"tlh"})"), Preferences());
}

TEST(Preferences, ATileIsPutInFrontOfAnother) {
  const PageTiles& page = *tiles_of_page("/agents");
  const auto check = [&](const Preferences& from, std::string_view tile, std::string_view before, std::vector<std::string> expected) {
    const Preferences to = placed(from, page, tile, before);
    EXPECT_EQ(order_of(to, page), expected) << tile << " before " << before;
    return to;
  };
  const Preferences moved = check({}, "heat", "fleet", {"heat", "fleet", "fleet_worst", "work_regions", "work", "work_rates", "learners"});
  check(moved, "heat", "", {"fleet", "fleet_worst", "work_regions", "work", "work_rates", "learners", "heat"});
  EXPECT_TRUE(placed(moved, page, "heat", "learners").order.empty());  // as they come
  check(moved, "fleet_worst", "fleet", {"heat", "fleet_worst", "fleet", "work_regions", "work", "work_rates", "learners"});
  check(moved, "heat", "heat", {"heat", "fleet", "fleet_worst", "work_regions", "work", "work_rates", "learners"});
  check(moved, "heat", "volume", {"fleet", "fleet_worst", "work_regions", "work", "work_rates", "learners", "heat"});  // of another page: last
  check(moved, "volume", "heat", {"heat", "fleet", "fleet_worst", "work_regions", "work", "work_rates", "learners"});
  EXPECT_EQ(tiles_of_page("/boards/Night"), nullptr);
}

TEST(BoardText, GoesOutAndComesBack) {
  Board board = starter_board("Night shift");
  board.tiles[0].spec.where = {"region:eu|us", "!model_used:x"};
  board.tiles[1].spec.format = "share";
  const auto again = parse_board(to_json(board));
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(*again, board);
}

std::string refused(std::string_view json) {
  const auto board = parse_board(json);
  return board ? "taken" : board.error().message;
}
std::string refused_tile(std::string_view tile) { return refused(fmt::format(R"({{"version":1,"name":"x","tiles":[{{"formula":"calls"}},{}]}})", tile)); }

TEST(BoardText, ErrorsNameMemberReasonAndRemedy) {
  EXPECT_THAT(refused("{"), HasSubstr("not JSON"));
  EXPECT_THAT(refused("[]"), HasSubstr("a board is an object"));
  EXPECT_THAT(refused(R"({"version":2,"name":"x","tiles":[]})"), StartsWith("version: is not 1"));
  EXPECT_THAT(refused(R"({"version":1,"name":"","tiles":[]})"), StartsWith("name: is 1 to 60"));
  EXPECT_THAT(refused(R"({"version":1,"name":"a/b","tiles":[]})"), HasSubstr("holds a '/'"));
  EXPECT_THAT(refused(R"({"version":1,"name":"x"})"), StartsWith("tiles: is not a list"));
  EXPECT_THAT(refused(R"({"version":1,"name":"x","tiles":[],"colour":1})"), StartsWith("colour: is not a member here; known are version, name, tiles"));
  EXPECT_THAT(refused_tile(R"({"formula":"calls","picture":"pye"})"), StartsWith("tiles[1].picture: 'pye' is not a picture; write number, line, bar, pie, table"));
  EXPECT_THAT(refused_tile(R"({"formula":"call"})"), StartsWith("tiles[1].formula: at character 1: 'call' is not a measure"));
  EXPECT_THAT(refused_tile(R"({"formula":"calls","by":"colour","picture":"bar"})"), StartsWith("tiles[1].by: 'colour' is not a dimension"));
  EXPECT_THAT(refused_tile(R"({"formula":"calls","where":["x"]})"), StartsWith("tiles[1].where: 'x' has no ':'"));
  EXPECT_THAT(refused_tile(R"({"formula":"calls","where":"x"})"), StartsWith("tiles[1].where: is not a list"));
  EXPECT_THAT(refused_tile(R"({"formula":"calls","width":13})"), StartsWith("tiles[1].width: 13 is not a width; write 1 to 12"));
  EXPECT_THAT(refused_tile(R"({"formula":"calls","height":0})"), StartsWith("tiles[1].height"));
  EXPECT_THAT(refused_tile(R"({"formula":"calls","width":"3"})"), StartsWith("tiles[1].width: is not a whole number"));
  EXPECT_THAT(refused_tile(R"({"formula":5})"), StartsWith("tiles[1].formula: is not a text"));
  EXPECT_THAT(refused_tile("7"), StartsWith("tiles[1].is not an object"));
  EXPECT_THAT(refused(std::string(limits::board_bytes + 1, ' ')), HasSubstr("at most 32768 bytes"));
  std::string many = R"({"formula":"calls"})";
  for (std::size_t i = 0; i < limits::board_tiles; ++i) many += R"(,{"formula":"calls"})";
  EXPECT_THAT(refused(fmt::format(R"({{"version":1,"name":"x","tiles":[{}]}})", many)), HasSubstr("at most 24 on a board, these are 25"));
}

TEST(BoardText, TilesWithoutIdsGetThem) {
  const auto board = parse_board(R"({"version":1,"name":"x","tiles":[{"formula":"calls","id":7},{"formula":"calls"},{"formula":"calls","id":7}]})");
  ASSERT_TRUE(board.has_value());
  EXPECT_EQ(board->tiles[0].id, 7);
  EXPECT_EQ(board->tiles[1].id, 8);
  EXPECT_EQ(board->tiles[2].id, 9);
}

TEST_F(KeptTest, WhoSeesWhichBoard) {
  auto store = open();
  const auto mine = *store->add(starter_board("Night"), ada_);
  EXPECT_EQ(store->find("night", ada_), mine);
  EXPECT_EQ(store->find("Night", bob_), nullptr);
  const auto shown = *store->change(mine->id, ada_, mine->board, true);
  EXPECT_EQ(store->find("Night", bob_), shown);
  EXPECT_EQ(store->find("Night", eve_), nullptr);           // of another customer
  EXPECT_EQ(store->find("Night", {"root", "*"}), nullptr);  // who sees all customers is none of acme's
  EXPECT_EQ(store->change(mine->id, bob_, mine->board, false).error().code, Code::not_found);
  EXPECT_EQ(store->remove(mine->id, bob_).error().code, Code::not_found);
  EXPECT_EQ(store->add(starter_board("x"), {"", "acme"}).error().code, Code::unauthorized);
}

TEST_F(KeptTest, NamesAreOnesOwn) {
  auto store = open();
  const auto first = *store->add(starter_board("Night"), ada_);
  EXPECT_EQ((*store->add(starter_board("night"), ada_))->board.name, "night 2");
  const auto others = *store->add(starter_board("Night"), bob_);
  EXPECT_EQ(others->board.name, "Night");  // bob knows nothing of ada's
  ASSERT_TRUE(store->change(first->id, ada_, first->board, true).has_value());
  EXPECT_EQ(store->find("Night", bob_)->owner, "bob");  // one's own first
  EXPECT_EQ(store->change(others->id, bob_, others->board, true).error().code, Code::conflict);
  for (std::size_t i = 2; i < limits::boards_per_person; ++i) ASSERT_TRUE(store->add(starter_board("Night"), ada_).has_value());
  EXPECT_EQ(store->add(starter_board("Night"), ada_).error().code, Code::too_large);
}

TEST_F(KeptTest, BoardsOutliveTheServerAndDamageIsLeftAlone) {
  std::string id;
  {
    auto store = open();
    const auto board = *store->add(starter_board("Night"), ada_);
    id = board->id;
    ASSERT_TRUE(store->change(id, ada_, board->board, true).has_value());
    const auto gone = *store->add(starter_board("Gone"), ada_);
    ASSERT_TRUE(store->remove(gone->id, ada_).has_value());
  }
  std::ofstream(dir_ / "boards" / "broken.json") << "{";
  auto store = open();
  EXPECT_EQ(store->damaged(), 1u);
  ASSERT_EQ(store->visible(bob_).size(), 1u);
  EXPECT_EQ(store->visible(bob_)[0]->id, id);
  EXPECT_EQ(store->visible(bob_)[0]->revision, 2);
  EXPECT_TRUE(fs::exists(dir_ / "boards" / "broken.json"));
}

}  // namespace
}  // namespace aybiza::dashboard
