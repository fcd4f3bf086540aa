// Boards, the wall and settings as pages over a Source in memory: what they show, what each step of editing keeps, and whom nothing is shown.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/ids.h"
#include "dashboard/board_page.h"
#include "dashboard/boards_page.h"
#include "dashboard/definitions.h"
#include "dashboard/pages_fixture.h"
#include "dashboard/settings_page.h"
#include "dashboard/sharing_page.h"

namespace aybiza::dashboard {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class BoardPagesTest : public PageTest {
 protected:
  BoardPagesTest() {
    router_.layout("app", layout);
    add<OverviewPage>("/", "overview");
    add<CallsPageView>("/calls", "calls");
    add<SettingsPage>("/settings", "settings");
    add<SharingPage>("/sharing", "sharing");
    add<BoardsPage>("/boards", "boards");
    add<BoardPage>("/boards/:name", "board");
    add<WallPage>("/wall", "wall");
  }
  ~BoardPagesTest() override {
    socket_.reset();  // before the stores that its pages keep in
    std::filesystem::remove_all(dir_);
  }
  Viewer viewer() override {
    Viewer who;
    who.source = &source_;
    who.person = person_;
    if (!customer_.empty()) who.customers = {customer_};
    who.keeping = {.preferences = &preferences_, .boards = boards_.get()};
    if (!person_.empty()) who.preferences = preferences_.of(person_);
    who.now = [this](const TopicPlan& plan) { return plan.compute(now_); };
    who.watch = [this](const TopicPlan& plan, const std::string&) { return Watch(plan.compute(now_), [] {}); };
    who.status = status_;
    return who;
  }
  std::string click(std::string_view name, std::string_view value = "{}") {
    return event("click", name, value);
  }
  std::string submit(std::string_view name, std::string_view form) {
    return event("form", name, fmt::format("\"{}\"", form));
  }
  BoardReader ada() const { return {"ada", "*"}; }
  Board held() const { return boards_->find("Night", ada())->board; }

  const std::filesystem::path dir_ = [] {
    auto dir = std::filesystem::temp_directory_path() / ("aybiza-board-pages-" + to_string(random_id()));
    std::filesystem::create_directories(dir);
    return dir;
  }();
  PreferenceStore preferences_{dir_};
  std::unique_ptr<BoardStore> boards_ = *BoardStore::open(dir_);
  std::string person_ = "ada", customer_;
};

TEST_F(BoardPagesTest, WhatHasNoTimeOffersNoRange) {
  const auto dated = AllOf(HasSubstr("class=\"range\""), HasSubstr("id=\"filters\""), HasSubstr("id=\"live\""));
  for (const std::string_view path : {"/boards", "/sharing", "/settings"}) {
    const std::string html = get(path);
    EXPECT_EQ(*status_, 200) << path;
    for (const std::string_view part : {"class=\"range\"", "popovertarget=\"filters\"", "id=\"live\""}) EXPECT_THAT(html, Not(HasSubstr(part))) << path;
  }
  join("/boards", "boards");
  EXPECT_THAT(submit("board_new", "name=Night"), HasSubstr("/boards/Night"));
  EXPECT_THAT(get("/boards/Night"), dated);
}

TEST_F(BoardPagesTest, ABoardIsMadeAndShowsTheFiguresOfTheQuestions) {
  join("/boards", "boards");
  EXPECT_THAT(submit("board_new", "name=Night"), HasSubstr("/boards/Night"));
  const std::string html = get("/boards/Night");
  EXPECT_EQ(*status_, 200);
  Question q;
  q.measures = {*parse_measure("calls"), *parse_measure("errors")};
  q.from = now_ - 1h, q.to = now_;
  q.limit = 10;
  const auto answer = source_.ask(q);
  const double calls = std::get<double>(answer->rows[0][0]), errors = std::get<double>(answer->rows[0][1]);
  EXPECT_THAT(html, AllOf(HasSubstr(fmt::format("value=\"{}\"", calls)), HasSubstr(fmt::format("value=\"{}\"", errors / calls)), Not(HasSubstr("[[")), Not(HasSubstr("style="))));
  EXPECT_THAT(html, AllOf(HasSubstr("id=\"chart-b5\""), HasSubstr("id=\"table-b6\""), Not(HasSubstr("data-grip"))));
  EXPECT_THAT(get("/boards"), AllOf(HasSubstr("/boards/Night"), HasSubstr("Only me"), Not(HasSubstr("[["))));
  EXPECT_THAT(join("/boards/Night", "board"), AllOf(HasSubstr("chart:chart-b5"), HasSubstr("chart:chart-b6")));
}

TEST_F(BoardPagesTest, EachStepOfEditingIsKept) {
  ASSERT_TRUE(boards_->add(starter_board("Night"), ada()).has_value());
  join("/boards/Night", "board");
  click("tile_remove", R"({"id":"1"})");
  EXPECT_EQ(held().tiles.size(), 6u);  // nothing is changed before editing has begun
  EXPECT_THAT(click("edit"), AllOf(HasSubstr("data-grip"), Not(HasSubstr("[["))));
  click("tile_remove", R"({"id":"1"})");
  EXPECT_EQ(held().tiles.size(), 5u);
  click("tile_move", R"({"id":"2","by":"2"})");
  EXPECT_EQ(held().tiles[2].id, 2);
  click("tile_drop", R"({"id":6,"before":3})");
  EXPECT_EQ(held().tiles[0].id, 6);
  click("tile_drop", R"({"id":6,"before":0})");
  EXPECT_EQ(held().tiles.back().id, 6);
  click("tile_size", R"({"id":6,"wider":-2,"taller":99})");
  EXPECT_EQ(held().tiles.back().spec.width, 4);
  EXPECT_EQ(held().tiles.back().spec.height, 8);
  click("tile_add");
  EXPECT_THAT(submit("tile_save", "formula=errors%20%2F&title=&picture=number&by=&format=&width=3&height=2&where="), HasSubstr("formula: at character 9: ends where"));
  EXPECT_EQ(held().tiles.size(), 5u);
  submit("tile_save", "formula=errors%20%2F%20calls&title=Rate&picture=table&by=region&format=share&width=4&height=3&where=region%3Aeu-west-1%0A");
  ASSERT_EQ(held().tiles.size(), 6u);
  EXPECT_EQ(held().tiles.back().spec, (TileSpec{"Rate", "errors / calls", "region", {"region:eu-west-1"}, Picture::table, "share", 4, 3}));
  click("reset");
  EXPECT_EQ(held(), starter_board("Night"));
  EXPECT_THAT(submit("board_save", "name=Day&visibility=everyone"), HasSubstr("/boards/Day"));
  EXPECT_NE(boards_->find("day", {"bob", "*"}), nullptr);
}

TEST_F(BoardPagesTest, AbsentAndNotYoursAreTheSamePage) {
  ASSERT_TRUE(boards_->add(starter_board("Night"), ada()).has_value());
  person_ = "eve";
  const auto answer = [&](std::string_view target) {
    std::string html = get(target);
    EXPECT_EQ(*status_, 404);
    for (const std::string_view part : {std::string_view("Night"), std::string_view("Other")})
      for (std::size_t at = html.find(part); at != html.npos; at = html.find(part)) html.replace(at, part.size(), "NAME");
    return html.substr(html.find("<main"));
  };
  EXPECT_EQ(answer("/boards/Night"), answer("/boards/Other"));
  EXPECT_THAT(answer("/boards/Night"), HasSubstr("No such board"));
  join("/boards/Night", "board");
  for (const std::string_view name : {"edit", "duplicate", "tile_add", "board_remove", "reset"}) click(name, R"({"id":"1"})");
  EXPECT_EQ(held(), starter_board("Night"));
}

TEST_F(BoardPagesTest, OthersLookAndCopyAndSeeTheirOwnCustomerAlone) {
  const auto made = *boards_->add(starter_board("Night"), {"ada", "globex"});
  ASSERT_TRUE(boards_->change(made->id, {"ada", "globex"}, made->board, true).has_value());
  person_ = "bob", customer_ = "globex";
  const std::string html = get("/boards/Night");
  EXPECT_THAT(html, AllOf(HasSubstr("Make a copy"), Not(HasSubstr("id=\"board-edit\"")), Not(HasSubstr("acme"))));
  join("/boards/Night", "board");
  click("edit"), click("tile_remove", R"({"id":"1"})");
  EXPECT_EQ(boards_->by_id(made->id)->board.tiles.size(), 6u);
  click("duplicate");
  EXPECT_EQ(boards_->find("Night", {"bob", "globex"})->owner, "bob");
  customer_ = "acme";
  get("/boards/Night");  // bob's own now: a person's own boards stay theirs, with the figures of whom they see
  EXPECT_EQ(*status_, 200);
  person_ = "eve";
  get("/boards/Night");
  EXPECT_EQ(*status_, 404);
}

TEST_F(BoardPagesTest, ABrokenTileBreaksAlone) {
  ASSERT_TRUE(boards_->add(starter_board("Night"), ada()).has_value());
  source_.refusal = "the store is <away>";
  EXPECT_THAT(get("/boards/Night"), AllOf(HasSubstr("the store is &lt;away&gt;"), HasSubstr("id=\"board-grid\""), HasSubstr(" broken")));
}

TEST_F(BoardPagesTest, TheWallGoesOnToTheNext) {
  ASSERT_TRUE(boards_->add(starter_board("Day"), ada()).has_value());
  ASSERT_TRUE(boards_->add(starter_board("Night"), ada()).has_value());
  EXPECT_THAT(get("/wall"), AllOf(HasSubstr("data-wall"), HasSubstr("<h1>Day</h1>"), HasSubstr("phx-hook=\"Wall\"")));
  join("/wall", "wall");
  EXPECT_THAT(click("wall_next"), HasSubstr("/wall?board=Night"));
  EXPECT_THAT(click("wall_next"), HasSubstr("/wall?board=Day"));
}

TEST_F(BoardPagesTest, ABoardComesInAsJsonOrSaysWhyNot) {
  join("/boards", "boards");
  EXPECT_THAT(submit("board_import", "json=%7B%22version%22%3A1%2C%22name%22%3A%22In%22%2C%22tiles%22%3A%5B%7B%22formula%22%3A%22call%22%7D%5D%7D"), HasSubstr("tiles[0].formula: at character 1"));
  EXPECT_THAT(submit("board_import", "json=%7B%22version%22%3A1%2C%22name%22%3A%22In%22%2C%22tiles%22%3A%5B%7B%22formula%22%3A%22calls%22%7D%5D%7D"), HasSubstr("/boards/In"));
  EXPECT_EQ(boards_->find("In", ada())->board.tiles.size(), 1u);
}

TEST_F(BoardPagesTest, PreferencesAreInTheFirstPaint) {
  EXPECT_THAT(get("/"), AllOf(HasSubstr("<html lang=\"en\" data-density=\"comfortable\" data-kept>"), Not(HasSubstr("preferences.css"))));
  join("/settings", "settings");
  std::string shown;
  for (const PageTiles& page : tiles_of_pages())
    for (const std::string_view tile : page.tiles)
      if (tile != "volume") shown += fmt::format("&show[]={}", tile);
  EXPECT_THAT(submit("save_settings", "theme=dark&density=compact&language=de&tz=Europe%2FBerlin&range=24h" + shown), HasSubstr("redirect"));
  const std::string html = get("/");
  EXPECT_THAT(html, AllOf(HasSubstr("<html lang=\"de\" data-density=\"compact\" data-theme=\"dark\" data-kept>"), HasSubstr("/preferences.css?v="), HasSubstr("data-tz=\"Europe/Berlin\""), HasSubstr("Überblick")));
  EXPECT_THAT(html, AllOf(HasSubstr("aria-current=\"true\">24 h</a>"), HasSubstr("href=\"/costs?range=24h&amp;tz=Europe%2FBerlin\""), Not(HasSubstr("[["))));
  EXPECT_THAT(get("/?range=1h&tz=UTC"), AllOf(HasSubstr("aria-current=\"true\">1 h</a>"), HasSubstr("data-tz=\"UTC\""), HasSubstr("href=\"/costs?range=1h&amp;tz=UTC\"")));
  EXPECT_THAT(get("/settings"), AllOf(HasSubstr("1 verborgen"), Not(HasSubstr("[["))));
  person_ = "bob";
  EXPECT_THAT(get("/"), HasSubstr("<html lang=\"en\""));
  person_ = "";
  join("/settings", "settings");
  EXPECT_THAT(submit("save_settings", "theme=dark"), HasSubstr("sign in first"));
}

TEST_F(BoardPagesTest, EveryTileThatCanBeHiddenIsATile) {
  for (const PageTiles& page : tiles_of_pages())
    for (const std::string_view tile : page.tiles) EXPECT_EQ(definition_of(tile).name, tile);
  const std::string html = get("/");
  for (const std::string_view tile : tiles_of_pages()[0].tiles) EXPECT_THAT(html, HasSubstr(fmt::format("id=\"tile-{}\"", tile)));
}

// A tile of a tab is moved where it stands, for its person alone; whoever has nothing kept is told so, and it is no error.
TEST_F(BoardPagesTest, TilesOfATabAreMovedThere) {
  EXPECT_THAT(get("/"), AllOf(HasSubstr("id=\"arrange\""), HasSubstr("id=\"grip-volume\"")));
  join("/", "overview");
  const std::string answer = click("tile_place", R"({"tile":"volume","before":"active_agents"})");
  const PageTiles& page = *tiles_of_page("/");
  const Preferences kept = preferences_.of("ada");
  EXPECT_EQ(order_of(kept, page).front(), "volume");
  EXPECT_THAT(answer, HasSubstr("/preferences.css?v=" + tiles_version(kept)));
  EXPECT_THAT(get("/"), HasSubstr("/preferences.css?v=" + tiles_version(kept)));
  click("tile_place", R"({"tile":"no such","before":"active_agents"})");
  click("tile_place", R"({"tile":7})");
  EXPECT_EQ(preferences_.of("ada"), kept);
  EXPECT_TRUE(preferences_.of("bob").order.empty());
  click("tiles_reset");
  EXPECT_TRUE(preferences_.of("ada").order.empty());

  person_.clear();
  EXPECT_THAT(get("/"), Not(HasSubstr("id=\"arrange\"")));
  join("/", "overview");
  EXPECT_THAT(click("tile_place", R"({"tile":"volume","before":"active_agents"})"), HasSubstr("Tiles of this page cannot be moved here."));
}

// The columns of the table of calls are their reader's, at once and from the first paint on.
TEST_F(BoardPagesTest, ColumnsOfCallsAreChosen) {
  const auto heads = [](const std::string& html) {
    std::vector<std::string> out;
    const std::size_t end = html.find("</thead>");
    constexpr std::string_view mark = "<th scope=\"col\"";
    for (std::size_t at = html.find(mark); at < end; at = html.find(mark, at + 1)) {
      const std::size_t text = html.find('>', at) + 1;
      out.push_back(html.substr(text, html.find('<', text) - text));
    }
    return out;
  };
  const std::vector<std::string> plain{"Start", "Outcome", "Customer", "Agent", "Region", "Model", "Length", "Turns", "Latency", "Cost"};
  EXPECT_EQ(heads(get("/calls")), plain);
  join("/calls", "calls");
  EXPECT_THAT(submit("columns", "_target=column%5B%5D&column%5B%5D=efficiency&column%5B%5D=resolution&column%5B%5D=nonsense"), AllOf(HasSubstr("Resolution"), HasSubstr("Efficiency"), HasSubstr("columns_reset")));
  EXPECT_EQ(preferences_.of("ada").call_columns, (std::vector<std::string>{"resolution", "efficiency"}));
  EXPECT_EQ(preferences_.of("bob").call_columns, std::nullopt);
  source_.rows.calls[5].efficiency_e4 = 8'130;
  const std::string html = get("/calls");
  EXPECT_EQ(heads(html), (std::vector<std::string>{"Start", "Resolution", "Efficiency"}));
  EXPECT_THAT(html, AllOf(HasSubstr("<td>Resolved</td><td>81.3 %</td></tr>"), HasSubstr("<td>Resolved</td><td>–</td></tr>"), HasSubstr("data-figures=\"3\"")));  // unknown is no zero
  join("/settings", "settings");
  submit("save_settings", "theme=dark&density=compact&language=en&tz=UTC&range=1h");
  EXPECT_EQ(heads(get("/calls")), (std::vector<std::string>{"Start", "Resolution", "Efficiency"}));  // the form does not ask for them
  join("/calls", "calls");
  submit("columns", "_target=column%5B%5D");
  EXPECT_EQ(heads(get("/calls")), (std::vector<std::string>{"Start"}));
  click("columns_reset");
  EXPECT_EQ(preferences_.of("ada").call_columns, std::nullopt);
  EXPECT_EQ(heads(get("/calls")), plain);
  person_.clear();
  join("/calls", "calls");
  EXPECT_THAT(submit("columns", "column%5B%5D=tokens"), HasSubstr("Tokens"));  // while the page is open
  EXPECT_EQ(heads(get("/calls")), plain);
  EXPECT_EQ(columns_of(std::nullopt).size() + 1, plain.size());
}

}  // namespace
}  // namespace aybiza::dashboard
