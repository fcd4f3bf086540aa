#include "liveview/diff.h"

#include <gtest/gtest.h>

#include "liveview/html.h"

namespace aybiza::liveview {
namespace {

// One connection's half of the protocol: what the client holds, and the next message for it.
class Client {
 public:
  std::string next(const Node& node) {
    Page page = cids_.number(node);
    std::string out;
    append_diff(out, {held_ ? &*held_ : nullptr, page, cids_, cache});
    held_ = std::move(page);
    return "{" + out + "}";
  }
  DiffCache* cache = nullptr;

 private:
  CidTable cids_;
  std::optional<Page> held_;
};

struct Row {
  std::string id;
  int n;
};
Node item(const Row& row) { return html<"<li id=\"{}\">{}</li>">(row.id, row.n); }
Node list(const std::vector<Row>& rows_shown) {
  return html<"<ul>{}</ul>">(each(rows_shown, [](const Row& row) { return row.id; }, item));
}
std::vector<Row> letters(std::string_view text) {
  std::vector<Row> out;
  for (const char c : text) out.push_back({std::string(1, c), c - 'a'});
  return out;
}

TEST(Diff, FullTreeSharesStaticsThroughOneTable) {
  Client client;
  const auto shown = [](int n) { return html<"<p class=\"{}\">shown <i>{}</i></p>">("c7", n); };
  EXPECT_EQ(client.next(html<"<b id=\"n\">{}</b><div>{}</div><ul>{}</ul>{}">(
                7, shown(7), each(letters("ab"), [](const Row& r) { return r.id; }, item), shown(8))),
            R"({"0":"7","1":{"0":"c7","1":"7","s":0,"r":1},)"
            R"("2":{"s":1,"k":{"0":{"0":"a","1":"0"},"1":{"0":"b","1":"1"},"kc":2}},)"
            R"("3":{"0":"c7","1":"8","s":0,"r":1},"s":2,)"
            R"("p":{"0":["<p class=\"","\">shown <i>","</i></p>"],"1":["<li id=\"","\">","</li>"],)"
            R"("2":["<b id=\"n\">","</b><div>","</div><ul>","</ul>",""]}})");
}

TEST(Diff, AChangedLeafIsAStringWithoutStatics) {
  Client client;
  const auto counter = [](int n) { return html<"<b>{}</b><i>{}</i>">(n, "x"); };
  client.next(counter(0));
  EXPECT_EQ(client.next(counter(1)), R"({"0":"1"})");
  EXPECT_EQ(client.next(counter(1)), "{}");
}

TEST(Diff, ABranchAppearsChangesAndGoes) {
  Client client;
  const auto page = [](std::optional<int> n) {
    std::optional<Node> branch;
    if (n) branch = html<"<p>{}</p>">(*n);
    return html<"<b>{}</b>{}">(1, branch);
  };
  client.next(page({}));
  EXPECT_EQ(client.next(page(1)), R"({"1":{"0":"1","s":0,"r":1},"p":{"0":["<p>","</p>"]}})");
  EXPECT_EQ(client.next(page(2)), R"({"1":{"0":"2"}})");
  EXPECT_EQ(client.next(page({})), R"({"1":""})");
}

TEST(Diff, AnotherTemplateInTheSlotBringsItsStatics) {
  Client client;
  client.next(html<"<b>{}</b>">(html<"<i>{}</i>">(1)));
  EXPECT_EQ(client.next(html<"<b>{}</b>">(html<"<u>{}</u>">(1))),
            R"({"0":{"0":"1","s":0,"r":1},"p":{"0":["<u>","</u>"]}})");
  EXPECT_EQ(client.next(html<"<b>{}</b>">(list(letters("a")))),
            R"({"0":{"0":{"s":0,"k":{"0":{"0":"a","1":"0"},"kc":1}},"s":1,"r":1},)"
            R"("p":{"0":["<li id=\"","\">","</li>"],"1":["<ul>","</ul>"]}})");
}

// [before] -> [after] gives the keyed part.
void check_list(std::string_view before, std::string_view after, const std::string& expected) {
  Client client;
  client.next(list(letters(before)));
  EXPECT_EQ(client.next(list(letters(after))), expected) << before << " -> " << after;
}

TEST(Diff, KeyedListsMoveInsertAndTruncate) {
  check_list("abcd", "dacb", R"({"0":{"k":{"0":3,"1":0,"3":1,"km":true,"kc":4}}})");
  check_list("bncad", "bnad", R"({"0":{"k":{"2":3,"3":4,"km":true,"kc":4}}})");
  check_list("abcd", "bcd", R"({"0":{"k":{"0":1,"1":2,"2":3,"km":true,"kc":3}}})");
  check_list("abc", "ab", R"({"0":{"k":{"kc":2}}})");
  check_list("abc", "abc", "{}");
  check_list("ab", "axb", R"({"0":{"k":{"1":{"0":"x","1":"23"},"2":1,"km":true,"kc":3}}})");
  check_list("ab", "xy", R"({"0":{"k":{"0":{"0":"x","1":"23"},"1":{"0":"y","1":"24"},"kc":2}}})");
  check_list("ab", "abc", R"({"0":{"k":{"2":{"0":"c","1":"2"},"kc":3}}})");
}

TEST(Diff, AnEmptiedListIsTextAndARefillIsFull) {
  check_list("ab", "", R"({"0":""})");
  check_list("", "a", R"({"0":{"s":0,"k":{"0":{"0":"a","1":"0"},"kc":1}},"p":{"0":["<li id=\"","\">","</li>"]}})");
}

TEST(Diff, EntriesChangeInPlaceAndOnTheMove) {
  Client client;
  client.next(list({{"a", 1}, {"b", 2}}));
  EXPECT_EQ(client.next(list({{"a", 1}, {"b", 100}})), R"({"0":{"k":{"1":{"1":"100"},"kc":2}}})");
  EXPECT_EQ(client.next(list({{"b", 11}, {"a", 1}})), R"({"0":{"k":{"0":[1,{"1":"11"}],"1":0,"km":true,"kc":2}}})");
}

TEST(Diff, DuplicateKeysAreRejected) { EXPECT_THROW(list({{"a", 1}, {"a", 2}}), TreeError); }

TEST(Diff, RowsKeepTheirRootFlag) {
  Client client;
  const auto table = [](int n) {
    return html<"<ul>{}</ul>">(rows(std::vector<Row>{{"a", n}}, [](const Row& r) { return r.id; }, item));
  };
  EXPECT_EQ(client.next(table(1)), R"({"0":{"s":0,"k":{"0":{"0":{"0":"a","1":"1","s":1,"r":1}},"kc":1}},"s":2,)"
                                   R"("p":{"0":["",""],"1":["<li id=\"","\">","</li>"],"2":["<ul>","</ul>"]}})");
  EXPECT_EQ(client.next(table(2)), R"({"0":{"k":{"0":{"0":{"1":"2"}},"kc":1}}})");
}

TEST(Diff, AnEqualPointerIsUnchanged) {
  Client client;
  const Node part = html<"<p>{}</p>">("big");
  const auto page = [&](int n) { return html<"<b>{}</b>{}">(n, part); };
  client.next(page(1));
  EXPECT_EQ(client.next(page(2)), R"({"0":"2"})");
}

Node counter(std::string key, int n) { return component(key, html<"<div id=\"{}\"><u>{}</u></div>">(key, n)); }

TEST(Diff, ComponentsTravelAlone) {
  Client client;
  const auto page = [](int one, int two) { return html<"<main>{}{}</main>">(counter("k1", one), counter("k2", two)); };
  EXPECT_EQ(client.next(page(0, 0)),
            R"({"0":1000,"1":1001,"s":0,"p":{"0":["<main>","","</main>"]},)"
            R"("c":{"1000":{"0":"k1","1":"0","s":["<div id=\"","\"><u>","</u></div>"],"r":1},)"
            R"("1001":{"0":"k2","1":"0","s":1000,"r":1}}})");
  EXPECT_EQ(client.next(page(0, 1)), R"({"c":{"1001":{"1":"1"}}})");
}

TEST(Diff, AComponentThatReturnsGetsAFreshNumberAndBorrowsStatics) {
  Client client;
  const auto page = [](bool shown) { return html<"{}{}">(counter("a", 1), shown ? counter("b", 1) : Node{}); };
  client.next(page(true));
  EXPECT_EQ(client.next(page(false)), R"({"1":""})");
  EXPECT_EQ(client.next(page(true)), R"({"1":1002,"c":{"1002":{"0":"b","1":"1","s":-1000,"r":1}}})");
}

TEST(Diff, AnotherPageTemplateStartsAnewWithAllComponents) {
  Client client;
  client.next(html<"<p>{}</p>">(counter("a", 1)));
  EXPECT_EQ(client.next(html<"<q>{}</q>">(counter("a", 1))),
            R"({"0":1000,"s":0,"p":{"0":["<q>","</q>"]},)"
            R"("c":{"1000":{"0":"a","1":"1","s":["<div id=\"","\"><u>","</u></div>"],"r":1}}})");
}

TEST(Diff, OuterComponentsAreTouchedWhenThePageChangesToo) {
  Client client;
  const auto page = [](int n, int inner) {
    return html<"<b>{}</b>{}">(n, component("outer", html<"<div>{}</div>">(counter("inner", inner))));
  };
  client.next(page(0, 0));
  EXPECT_EQ(client.next(page(0, 1)), R"({"c":{"1001":{"1":"1"}}})");
  EXPECT_EQ(client.next(page(1, 2)), R"({"0":"1","c":{"1000":{},"1001":{"1":"2"}}})");
}

TEST(Diff, ATemplateAroundAComponentIsNotSkippable) {
  Client client;
  const auto page = [](bool shown) {
    return html<"{}">(html<"<div>{}{}</div>">("x", shown ? counter("a", 1) : Node{}));
  };
  EXPECT_EQ(client.next(page(false)), R"({"0":{"0":"x","1":"","s":0,"r":1},"s":1,"p":{"0":["<div>","","</div>"],"1":["",""]}})");
  EXPECT_EQ(client.next(page(true)),
            R"({"0":{"0":"x","1":1000,"s":0},"p":{"0":["<div>","","</div>"]},)"
            R"("c":{"1000":{"0":"a","1":"1","s":["<div id=\"","\"><u>","</u></div>"],"r":1}}})");
}

TEST(Diff, AListInAComponentOwnsATable) {
  Client client;
  const auto row = [](const Row& r) { return html<"<li>{}</li>">(html<"<i>{}</i>">(r.n)); };
  const auto page = [&](const std::vector<Row>& shown) {
    return html<"{}">(component("a", html<"<ul>{}</ul>">(each(shown, [](const Row& r) { return r.id; }, row))));
  };
  EXPECT_EQ(client.next(page({{"a", 1}, {"b", 2}})),
            R"({"0":1000,"s":0,"p":{"0":["",""]},"c":{"1000":{"0":{"s":["<li>","</li>"],"k":{)"
            R"("0":{"0":{"0":"1","s":0,"r":1}},"1":{"0":{"0":"2","s":0,"r":1}},"kc":2},"p":{"0":["<i>","</i>"]}},)"
            R"("s":["<ul>","</ul>"],"r":1}}})");
  EXPECT_EQ(client.next(page({{"a", 1}, {"b", 3}})), R"({"c":{"1000":{"0":{"k":{"1":{"0":{"0":"3"}},"kc":2}}}}})");
}

TEST(Diff, ComponentsNeedOneRootAndOnePlace) {
  EXPECT_THROW(component("a", html<"<p></p><p></p>">()), TreeError);
  EXPECT_THROW(component("a", Node::text("x")), TreeError);
  Client client;
  EXPECT_THROW(client.next(html<"{}{}">(counter("a", 1), counter("a", 1))), TreeError);
}

TEST(Diff, StreamsSendOperationsOnce) {
  Client client;
  const auto message = [](std::string id) { return html<"<p id=\"{}\"></p>">(id); };
  const auto page = [](Stream stream) {
    stream.ref = "0";
    return html<"<div id=\"log\" phx-update=\"stream\">{}</div>">(make_stream(std::move(stream)));
  };
  EXPECT_EQ(client.next(page({})), R"({"0":{"s":0,"k":{"kc":0},"stream":["0",[],[]]},"s":1,)"
                                   R"("p":{"0":["",""],"1":["<div id=\"log\" phx-update=\"stream\">","</div>"]}})");
  Stream append;
  append.inserts = {{"m-4", -1, {}, false, message("m-4")}};
  EXPECT_EQ(client.next(page(append)), R"({"0":{"k":{"0":{"0":{"0":"m-4","s":0,"r":1}},"kc":1},)"
                                       R"("stream":["0",[["m-4",-1,null,null]],[]]},"p":{"0":["<p id=\"","\"></p>"]}})");
  EXPECT_EQ(client.next(page({})), "{}");
  Stream reset;
  reset.inserts = {{"m-7", 0, -3, true, Node{"x"}}};
  reset.reset = true;
  EXPECT_EQ(client.next(page(reset)),
            R"({"0":{"k":{"0":{"0":"x"},"kc":1},"stream":["0",[["m-7",0,-3,true]],[],true]}})");
  Stream remove;
  remove.deletes = {"m-2"};
  EXPECT_EQ(client.next(page(remove)), R"({"0":{"k":{"kc":0},"stream":["0",[],["m-2"]]}})");
}

TEST(Diff, SharedComponentsAreDiffedOncePerVersion) {
  DiffCache cache;
  std::vector<Client> clients(3);
  const auto version = [](int n) { return html_ptr<"<table>{}</table>">(n); };
  const TemplatePtr one = version(1), two = version(2);
  for (Client& client : clients) {
    client.cache = &cache;
    const auto page = [&](const TemplatePtr& market) { return html<"{}{}">("me", shared_component(7, market)); };
    EXPECT_EQ(client.next(page(one)),
              R"({"0":"me","1":7,"s":0,"p":{"0":["","",""]},"c":{"7":{"0":"1","s":["<table>","</table>"],"r":1}}})");
    EXPECT_EQ(client.next(page(two)), R"({"c":{"7":{"0":"2"}}})");
  }
  EXPECT_EQ(cache.size(), 2u);
  EXPECT_EQ(cache.hits(), 4u);
}

}  // namespace
}  // namespace aybiza::liveview
