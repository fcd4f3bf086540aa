#include "liveview/step.h"

#include <gmock/gmock.h>

#include "liveview/diff.h"
#include "liveview/socket_fixture.h"

namespace aybiza::liveview {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Each;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

struct Line {
  char key;
  std::string text;
};
Node table(const std::vector<Line>& lines, std::string_view foot) {
  return html<"<main>{}<footer>{}</footer></main>">(each(lines, [](const Line& l) { return std::string(1, l.key); }, [](const Line& l) { return html<"<li>{}{}</li>">(l.key == ' ' ? "" : std::string(1, l.key), l.text); }), foot);
}
std::vector<Line> lines(std::string_view keys, std::string_view text = "") {
  std::vector<Line> out;
  for (const char key : keys) out.push_back({key, std::string(text)});
  return out;
}

// All trees on the way, as their letters and foot.
std::vector<std::string> steps(Node from, const Node& to, std::size_t bytes) {
  std::vector<std::string> out;
  while (to_html(from) != to_html(to) && out.size() < 99) {
    from = step_towards(from, to, bytes);
    std::string shown, html = to_html(from);
    for (std::size_t at = 0; (at = html.find('<', at)) != html.npos;) {
      const std::size_t text = html.find('>', at) + 1;
      at = html.find('<', text);
      if (at != html.npos) shown += html.substr(text, at - text);
      else break;
    }
    out.push_back(shown);
  }
  return out;
}

TEST(Step, WhatFitsIsTakenAtOnce) {
  EXPECT_THAT(steps(table(lines("abc"), "1"), table(lines("xyz"), "2"), 4000), ElementsAre("xyz2"));
  EXPECT_THAT(steps(table(lines("abc"), "1"), table(lines("abc"), "1"), 1), ElementsAre());
}

TEST(Step, RowsThatChangeDoSoFromTheTopAndTheFootLast) {
  EXPECT_THAT(steps(table(lines("abcd", "-"), "1"), table(lines("abcd", "+"), "2"), 35), ElementsAre("a+b+c-d-1", "a+b+c+d+1", "a+b+c+d+2"));
}

TEST(Step, NewRowsComeInOnTopAndTheOldestGo) {
  EXPECT_THAT(steps(table(lines("abcd"), "1"), table(lines("wxyz"), "1"), 60), ElementsAre("wabc1", "wxab1", "wxya1", "wxyz1"));
  EXPECT_THAT(steps(table(lines("abcd"), "1"), table(lines("dcba"), "1"), 20), ElementsAre("dabc1", "dcba1"));
}

TEST(Step, WhatIsLargerThanAMessageIsOneOfItsOwn) {
  const std::string large(500, 'x');
  EXPECT_THAT(steps(table({{'a', "-"}, {'b', "-"}, {'c', "-"}}, "1"), table({{'a', "+"}, {'b', large}, {'c', "+"}}, "1"), 50), ElementsAre("a+b-c-1", "a+b" + large + "c-1", "a+b" + large + "c+1"));
}

TEST(Step, AComponentThatMovesIsNeverInTwoPlaces) {
  const Node part = component("part", html<"<i>{}</i>">("it"));
  const std::string large(500, 'x');
  const Node from = html<"{}{}{}">(Node{}, "before", part), to = html<"{}{}{}">(part, large, Node{});
  EXPECT_EQ(to_html(step_towards(from, to, 60)), to_html(to));
}

// ---- What a channel makes of it ----

// A long table that is another at each piece of news, a chart that is told with it, and an event that says how far it is.
class LongPage final : public View {
 public:
  void mount(Context& context, const MountInfo&) override { context.subscribe("news"); }
  void handle_event(Context& context, const Event& event) override {
    context.reply("{}");
    if (event.name == "seen") context.unchanged();
    if (event.name == "seen_and_more") ++version_, context.unchanged(true);
  }
  bool handle_info(Context& context, const Info& info) override {
    version_ = std::any_cast<int>(info.value);
    context.push_latest("chart", "a", R"({"rows":")" + std::string(version_ == 3 ? 6000 : 10, 'r') + R"("})");
    context.push_with("tick", fmt::format("{}", version_), fmt::format("{}", version_ - 1));
    return true;
  }
  Node render(const Context&) override {
    std::vector<int> numbers(60);
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = int(i);
    return html<"<ul>{}</ul><b>{}</b>">(each(numbers, [](int n) { return n; }, [&](int n) { return html<"<li>{} {}</li>">(n, std::string(150, char('a' + version_))); }), version_);
  }

 private:
  int version_ = 0;
};

class LongChange : public SocketTest {
 protected:
  LongChange() {
    router_.add({"/long", "long", "app", [](const Visitor&) { return std::make_unique<LongPage>(); }});
    EXPECT_THAT(say(join_text("4", "http://h/long", session("x", "long"))), ElementsAre(HasSubstr(R"("status":"ok")")));
  }
  std::vector<std::string> news(int version) {
    socket_->inform("news", version, now_);
    return socket_->drain(now_);
  }
};

TEST_F(LongChange, LeavesInMessagesAndTheLastSaysSo) {
  const auto frames = news(1);
  ASSERT_THAT(frames, SizeIs(3));  // 60 rows of some 165 bytes
  for (const std::string& frame : frames) EXPECT_LE(frame.size(), 4000u);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_THAT(frames[i], AllOf(HasSubstr(R"(["tick",0])"), Not(HasSubstr("chart")), Not(HasSubstr(R"("1":"1")")))) << i;
  EXPECT_THAT(frames[2], AllOf(HasSubstr(R"("59":{)"), HasSubstr(R"("1":"1")"), HasSubstr(R"(["chart",{"rows":"rrrrrrrrrr"}],["tick",1])")));
  EXPECT_THAT(news(1), ElementsAre(R"(["4",null,"lv:x","diff",{"e":[["chart",{"rows":"rrrrrrrrrr"}],["tick",1]]}])"));
}

TEST_F(LongChange, AnEventLargerThanAMessageIsOneOfItsOwn) {
  const auto frames = news(3);
  ASSERT_THAT(frames, SizeIs(4));
  EXPECT_THAT(frames[2], AllOf(HasSubstr(R"("1":"3")"), HasSubstr(R"(["tick",2])")));
  EXPECT_THAT(frames[3], AllOf(HasSubstr("rrrr"), HasSubstr(R"(["tick",3])"), Not(HasSubstr("ddd"))));
}

TEST_F(LongChange, AnAnswerBringsAllThatIsLeft) {
  socket_->inform("news", 1, now_);
  EXPECT_THAT(*socket_->next_frame(now_), HasSubstr(R"(["tick",0])"));
  socket_->on_message(R"(["4","8","lv:x","event",{"type":"click","event":"other","value":{}}])", now_);
  const auto frames = socket_->drain(now_);
  ASSERT_THAT(frames, SizeIs(1));
  EXPECT_THAT(frames[0], AllOf(HasSubstr("phx_reply"), HasSubstr(R"("59":{)"), HasSubstr(R"(["tick",1])"), HasSubstr(R"("r":{})")));
}

TEST_F(LongChange, WhatIsOnlyAcknowledgedIsAnsweredAlone) {
  socket_->inform("news", 1, now_);
  EXPECT_THAT(*socket_->next_frame(now_), HasSubstr(R"(["tick",0])"));
  socket_->on_message(R"(["4","8","lv:x","event",{"type":"hook","event":"seen","value":{}}])", now_);
  EXPECT_THAT(socket_->drain(now_), ElementsAre(OK_DIFF(R"("r":{})"), HasSubstr(R"(["tick",0])"), HasSubstr(R"(["tick",1])")));
  socket_->on_message(R"(["4","8","lv:x","event",{"type":"hook","event":"seen_and_more","value":{}}])", now_);
  EXPECT_THAT(socket_->drain(now_), AllOf(SizeIs(4), Each(Not(HasSubstr("chart")))));
}

TEST_F(LongChange, WhatComesMeanwhileWaitsForItsTurn) {
  socket_->inform("news", 1, now_);
  EXPECT_THAT(*socket_->next_frame(now_), HasSubstr(R"(["tick",0])"));
  const auto frames = news(2);
  ASSERT_THAT(frames, SizeIs(5));  // the two that were left, and three of what came
  EXPECT_THAT(frames[1], AllOf(HasSubstr(R"("1":"1")"), HasSubstr(R"(["tick",1])")));
  EXPECT_THAT(frames[4], AllOf(HasSubstr(R"("1":"2")"), HasSubstr(R"(["tick",2])")));
}

}  // namespace
}  // namespace aybiza::liveview
