#include "liveview/html.h"

#include <gtest/gtest.h>

#include "liveview/diff.h"
#include "liveview/js.h"

namespace aybiza::liveview {
namespace {

template <markup::FixedString Source>
constexpr bool single_root = detail::Compiled<Source>::statics.single_root;
template <markup::FixedString Source>
constexpr markup::Problem problem = detail::Compiled<Source>::scan.problem;

using enum markup::Problem;

static_assert(single_root<"<b>{}</b>">);
static_assert(single_root<" <!-- note --> <b>{}</b>\n">);
static_assert(single_root<"<input value=\"{}\">">);
static_assert(single_root<"<svg><path d=\"M0 0\"/></svg>">);
static_assert(single_root<"<div><p>a</p><p>b</p></div>">);
static_assert(!single_root<"<b></b><i></i>">);  // the client would delete the second
static_assert(!single_root<"<b></b> text">);
static_assert(!single_root<"<b></b>{}">);
static_assert(!single_root<"{}<b></b>">);
static_assert(!single_root<"text">);
static_assert(!single_root<"">);
static_assert(!single_root<"<!-- two\nlines --><b></b>">);  // the client's search stops at the line break
static_assert(!single_root<"<br><br>">);

static_assert(problem<"<b>"> == unbalanced);
static_assert(problem<"</b>"> == unbalanced);
static_assert(problem<"<b><i></b></i>"> == unbalanced);
static_assert(problem<"<b class=\"x></b>"> == unbalanced);
static_assert(problem<"<!-- x"> == unbalanced);
static_assert(problem<"<div/>"> == self_closed);
static_assert(problem<"<{}>x</b>"> == hole_in_tag_name);
static_assert(problem<"<b{}>x</b>"> == hole_in_tag_name);
static_assert(problem<"<a href={}>x</a>"> == hole_without_quotes);
static_assert(problem<"<a href=a{}>x</a>"> == hole_without_quotes);
static_assert(problem<"<script>{}</script>"> == hole_in_script_or_comment);
static_assert(problem<"<style>{}</style>"> == hole_in_script_or_comment);
static_assert(problem<"<!-- {} -->"> == hole_in_script_or_comment);
static_assert(problem<"a < b"> == stray_angle);
static_assert(problem<"<script>if (a < b) {{ }}</script>"> == none);
static_assert(detail::Compiled<"{">::marked.lone_brace);
static_assert(detail::Compiled<"{x}">::marked.lone_brace);
static_assert(!detail::Compiled<"{{{}}}">::marked.lone_brace);

TEST(Html, EscapesInTextAndValues) {
  EXPECT_EQ(to_html(html<"<b title=\"{}\">{}</b>">("\"'", "<script>&")),
            "<b title=\"&quot;&#39;\">&lt;script&gt;&amp;</b>");
}

TEST(Html, BadBytesAreReplaced) {
  const std::string nul("a\0b", 3);
  EXPECT_EQ(to_html(html<"{}">(nul)), "a\xEF\xBF\xBD" "b");
  EXPECT_EQ(to_html(html<"{}">("a\xFFz")), "a\xEF\xBF\xBDz");
  EXPECT_EQ(to_html(html<"{}">("\xED\xA0\x80")), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // a lone surrogate
  EXPECT_EQ(to_html(html<"{}">("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80")), "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
}

TEST(Html, HolesTakeNumbersOptionalsAndNodes) {
  EXPECT_EQ(to_html(html<"{} {} {}">(-7, 1.5, std::size_t(3))), "-7 1.5 3");
  EXPECT_EQ(to_html(html<"[{}][{}]">(std::optional<Node>(), std::optional<int>(4))), "[][4]");
  EXPECT_EQ(to_html(html<"{}">(html<"<i>{}</i>">("x"))), "<i>x</i>");
  EXPECT_EQ(to_html(html<"{{{}}}">(1)), "{1}");
  EXPECT_EQ(to_html(raw<"<hr>">()), "<hr>");
}

TEST(Html, AttributesAppearWhenTheyHold) {
  EXPECT_EQ(to_html(html<"<input name=\"a\"{}{}>">(flag<"checked">(true), attr<"data-x">("\"1\""))),
            "<input name=\"a\" checked data-x=\"&quot;1&quot;\">");
  EXPECT_EQ(to_html(html<"<input name=\"a\"{}{}>">(flag<"checked">(false), attr<"data-x">(std::optional<int>()))),
            "<input name=\"a\">");
}

TEST(Html, StaticsAreJsonBytes) {
  EXPECT_EQ((detail::Compiled<"a\"\\\n\t{}\xC3\xA9">::statics.json), "[\"a\\\"\\\\\\n\\u0009\",\"\xC3\xA9\"]");
}

TEST(Html, OneLiteralIsOneIdentity) {
  const auto one = html_ptr<"<b>{}</b>">(1), two = html_ptr<"<b>{}</b>">(2), other = html_ptr<"<i>{}</i>">(1);
  EXPECT_EQ(one->statics, two->statics);
  EXPECT_NE(one->statics, other->statics);
}

TEST(Js, BuildsOperations) {
  EXPECT_EQ(Js().toggle_class("on big", "#n").push("inc", {.value_json = R"({"by":100})"}).str(),
            R"([["toggle_class",{"names":["on","big"],"to":"#n"}],["push",{"event":"inc","value":{"by":100}}]])");
  EXPECT_EQ(Js().hide().set_attribute("a", "b").patch("/x", true).str(),
            R"([["hide",{}],["set_attr",{"attr":["a","b"]}],["patch",{"href":"/x","replace":true}]])");
  EXPECT_EQ(to_html(html<"<b phx-click=\"{}\"></b>">(Js().push("a"))),
            "<b phx-click=\"[[&quot;push&quot;,{&quot;event&quot;:&quot;a&quot;}]]\"></b>");
}

}  // namespace
}  // namespace aybiza::liveview
