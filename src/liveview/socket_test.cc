#include "liveview/socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "liveview/dead_render.h"

namespace aybiza::liveview {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// One view with a bit of everything.
class Dash final : public View {
 public:
  void mount(Context& context, const MountInfo& info) override {
    mounts_ = info.mounts;
    context.set_title("Dash");
    context.subscribe("news");
  }
  void handle_params(Context& context, const Location& at) override {
    tab_ = at.uri.query.text("tab");
    if (tab_ == "old") context.push_patch("/dash?tab=new", Address::replace);
    if (tab_ == "loop") context.push_patch("/dash?tab=loop");
    if (tab_ == "away") context.push_navigate("/other");
    if (tab_ == "login") context.redirect("/login");
    if (tab_ == "throw") throw std::runtime_error("no");
  }
  void handle_event(Context& context, const Event& event) override {
    if (event.name == "inc") n_ += event.value["by"].integer().value_or(1);
    if (event.name == "val") typed_ = event.form.text("name");
    if (event.name == "ping") context.reply(R"({"pong":42})");
    if (event.name == "both") context.reply(R"({"pong":6})"), ++n_;
    if (event.name == "throw") throw std::runtime_error("no");
    if (event.name == "throw_int") throw 7;
    if (event.name == "patch") context.push_patch("/dash?tab=two");
    if (event.name == "patch_away") context.push_patch("/other");
    if (event.name == "go") context.push_event("bye", "{}"), context.push_navigate("/other");
    if (event.name == "leave") context.put_flash("info", "Saved"), context.redirect("/plain");
    if (event.name == "evil") context.redirect("//evil.example");
    if (event.name == "points") context.push_event("points", R"({"ys":[1]})");
    if (event.name == "pre") context.push_event("b", "{}", true), context.set_title("Three");
    if (event.name == "drop") part_ = false;
    if (event.name == "add") part_ = true;
    if (event.name == "bump") part_n_ += event.component == "part" ? 1 : 0;
    if (event.name == "ticks") context.tick_every(1s);
  }
  bool handle_info(Context& context, const Info& info) override {
    if (info.name == "tick") return ++n_, true;
    const int news = std::any_cast<int>(info.value);
    if (news == 13) throw std::runtime_error("no");
    if (news == 7) return context.push_event("points", "{}"), false;
    if (news == 8) return context.push_latest("chart", "a", fmt::format("{}", ++latest_)), false;
    if (news == 9) return context.push_patch("/dash?tab=nine"), false;
    if (news == 10) return context.push_navigate("/other"), false;
    n_ = news;
    return news != 0;
  }
  Node render(const Context&) override {
    ++renders;
    std::optional<Node> part;
    if (part_) part = component("part", html<"<i>{}</i>">(part_n_));
    return html<"<b>{}</b><p>{}</p><u>{}</u>{}">(n_, tab_, typed_, part);
  }
  static inline int renders = 0;

 private:
  std::int64_t n_ = 0, part_n_ = 0, latest_ = 0;
  int mounts_ = 0;
  std::string tab_, typed_;
  bool part_ = false;
};

class Other final : public View {
  Node render(const Context& context) override { return html<"<main>{}</main>">(context.flash("info")); }
};

class SocketTest : public testing::Test {
 protected:
  SocketTest() {
    for (const auto& [pattern, view, session] : {std::array{"/dash", "dash", "app"}, std::array{"/other", "other", "app"},
                                                 std::array{"/admin", "other", "admin"}}) {
      const bool dash = std::string_view(view) == "dash";
      router_.add({pattern, view, session, [dash](const Visitor&) -> std::unique_ptr<View> {
                     if (dash) return std::make_unique<Dash>();
                     return std::make_unique<Other>();
                   }});
    }
    socket_ = open(visitor());
  }

  Visitor visitor() const { return {"sid-1", signer_.csrf("sid-1"), "", "127.0.0.1", nullptr}; }
  std::unique_ptr<Socket> open(Visitor who) { return std::make_unique<Socket>(endpoint_, std::move(who), now_); }
  std::string session(std::string id = "x", std::string view = "dash", std::string live_session = "app") const {
    return sign_session(signer_, {id, view, live_session, signer_.sid_hash("sid-1"), "", now_});
  }
  std::string join_text(std::string_view ref = "4", std::string_view url = "http://h/dash", std::string token = "",
                        std::string_view key = "url", std::string_view flash = "") const {
    return fmt::format(R"(["{0}","{0}","lv:x","phx_join",{{"{1}":"{2}","params":{{"_mounts":0}},"session":"{3}","flash":"{4}"}}])",
                       ref, key, url, token.empty() ? session() : token, flash);
  }
  std::vector<std::string> say(const std::string& text) {
    socket_->on_message(text, now_);
    return socket_->drain(now_);
  }
  std::vector<std::string> click(std::string_view event, std::string_view more = R"("value":{})", std::string_view ref = "8") {
    return say(fmt::format(R"(["4","{}","lv:x","event",{{"type":"click","event":"{}",{}}}])", ref, event, more));
  }
  void joined() { ASSERT_THAT(say(join_text()), ElementsAre(HasSubstr(R"("status":"ok")"))); }

  Instant now_ = from_micros(1'800'000'000'000'000);
  Router router_;
  Signer signer_{std::string(32, 'k')};
  Endpoint endpoint_{router_, signer_};
  std::unique_ptr<Socket> socket_;
};

#define OK_DIFF(fields) R"(["4","8","lv:x","phx_reply",{"status":"ok","response":{"diff":{)" fields R"(}}}])"
#define OK_EMPTY R"(["4","8","lv:x","phx_reply",{"status":"ok","response":{}}])"
#define ERROR(reason) R"(["4","4","lv:x","phx_reply",{"status":"error","response":{"reason":")" reason R"("}}])"

TEST_F(SocketTest, HeartbeatIsAnswered) {
  EXPECT_THAT(say(R"([null,"9","phoenix","heartbeat",{}])"),
              ElementsAre(R"([null,"9","phoenix","phx_reply",{"status":"ok","response":{}}])"));
}

TEST_F(SocketTest, JoinAnswersTheWholeTree) {
  EXPECT_THAT(say(join_text()),
              ElementsAre(R"(["4","4","lv:x","phx_reply",{"status":"ok","response":{"rendered":{)"
                          R"("0":"0","1":"","2":"","3":"","s":0,"p":{"0":["<b>","</b><p>","</p><u>","</u>",""]},"t":"Dash"},)"
                          R"("liveview_version":"1.2.12"}}])"));
}

TEST_F(SocketTest, StaleSessions) {
  EXPECT_THAT(say(join_text("4", "http://h/dash", session("other-id"))), ElementsAre(ERROR("stale")));
  now_ += 11s;
  std::string tampered = session();
  tampered[5] = tampered[5] == 'A' ? 'B' : 'A';
  EXPECT_THAT(say(join_text("4", "http://h/dash", tampered)), ElementsAre(ERROR("stale")));
  now_ += 11s;
  socket_ = open({"sid-2", signer_.csrf("sid-2"), "", "127.0.0.1", nullptr});  // another cookie
  EXPECT_THAT(say(join_text()), ElementsAre(ERROR("stale")));
  now_ += 11s;
  socket_ = open({"sid-1", "wrong", "", "127.0.0.1", nullptr});
  EXPECT_THAT(say(join_text()), ElementsAre(ERROR("stale")));
  now_ += 11s;
  const std::string token = session();
  socket_ = open(visitor());
  now_ += limits::liveview_session_age + 1s;
  EXPECT_THAT(say(join_text("4", "http://h/dash", token)), ElementsAre(ERROR("stale")));
}

TEST_F(SocketTest, TheThirdStaleAnswerSlowsTheClientDown) {
  std::vector<std::string> answers;
  for (int i = 0; i < 3; ++i) {
    socket_ = open({"", "", "", "127.0.0.1", nullptr});
    answers.push_back(say(join_text()).at(0));
  }
  EXPECT_THAT(answers, ElementsAre(ERROR("stale"), ERROR("stale"), ERROR("overloaded")));
}

TEST_F(SocketTest, UnauthorizedAddresses) {
  EXPECT_THAT(say(join_text("4", "http://h/other")), ElementsAre(ERROR("unauthorized")));  // another view by url
  EXPECT_THAT(say(join_text("4", "http://h/admin", "", "redirect")), ElementsAre(ERROR("unauthorized")));
  EXPECT_THAT(say(join_text("4", "http://h/nowhere", "", "redirect")), ElementsAre(ERROR("unauthorized")));
  EXPECT_THAT(say(join_text("4", "http://h/dash", "", "neither")), ElementsAre(ERROR("unauthorized")));
  EXPECT_EQ(socket_->channels(), 0u);
}

TEST_F(SocketTest, LiveRedirectJoinsAnotherViewWithTheSameToken) {
  joined();
  EXPECT_THAT(say(R"(["4","61","lv:x","phx_leave",{}])"), ElementsAre(HasSubstr(R"(["4","61",)")));
  const std::string flash = sign_flash(signer_, R"({"info":"Hi"})", now_);
  EXPECT_THAT(say(join_text("64", "http://h/other", "", "redirect", flash)),
              ElementsAre(HasSubstr(R"("rendered":{"0":"Hi")")));
}

TEST_F(SocketTest, EventsAnswerTheirDiff) {
  joined();
  EXPECT_THAT(click("inc"), ElementsAre(OK_DIFF(R"("0":"1")")));
  EXPECT_THAT(click("inc", R"("value":{"by":"5"})"), ElementsAre(OK_DIFF(R"("0":"6")")));
  EXPECT_THAT(click("nothing"), ElementsAre(OK_EMPTY));
  EXPECT_THAT(click("ping"), ElementsAre(OK_DIFF(R"("r":{"pong":42})")));
  EXPECT_THAT(click("both"), ElementsAre(OK_DIFF(R"("0":"7","r":{"pong":6})")));
  EXPECT_THAT(click("points"), ElementsAre(OK_DIFF(R"("e":[["points",{"ys":[1]}]])")));
  EXPECT_THAT(click("pre"), ElementsAre(OK_DIFF(R"("t":"Three","e":[["b",{},true]])")));
}

TEST_F(SocketTest, FormsAreUrlencoded) {
  joined();
  EXPECT_THAT(say(R"(["4","8","lv:x","event",{"type":"form","event":"val","value":"name=Zo%C3%AB+%3Cb%3E","meta":{"_target":"name"}}])"),
              ElementsAre(OK_DIFF("\"2\":\"Zo\xC3\xAB &lt;b&gt;\"")));
}

TEST_F(SocketTest, HostileEventsAreAnswered) {
  joined();
  for (const char* more : {R"("value":7)", R"("value":"x")", R"("value":[1])", R"("value":null,"cid":99)",
                           R"("value":{},"cid":-1)", R"("value":{},"cid":99999999999)", R"("value":{},"type":3)"}) {
    EXPECT_THAT(click("nothing", more), ElementsAre(OK_EMPTY)) << more;
  }
  EXPECT_THAT(say(R"(["4","8","lv:x","event",[]])"), ElementsAre(OK_EMPTY));
  EXPECT_THAT(say(R"(["4","8","lv:x","event",null])"), ElementsAre(OK_EMPTY));
  EXPECT_THAT(say(R"(["4","8","lv:x","live_patch",7])"), ElementsAre(HasSubstr("link_redirect")));
  EXPECT_THAT(say(R"(["4","8","lv:x","allow_upload",{}])"), ElementsAre(OK_EMPTY));
  EXPECT_THAT(say(R"(["4","8","lv:x","cids_destroyed",{"cids":["a",-1,1e99,2]}])"), ElementsAre(HasSubstr(R"({"cids":[2]})")));
  EXPECT_FALSE(socket_->close_code());
}

TEST_F(SocketTest, OldJoinRefsAreIgnored) {
  joined();
  EXPECT_THAT(say(R"(["3","8","lv:x","event",{"type":"click","event":"inc","value":{}}])"), IsEmpty());
  EXPECT_THAT(click("inc"), ElementsAre(OK_DIFF(R"("0":"1")")));
  EXPECT_THAT(say(R"([null,"8","lv:x","event",{"type":"click","event":"inc","value":{}}])"),
              ElementsAre(HasSubstr(R"("0":"2")")));
}

TEST_F(SocketTest, UnknownTopicsMakeTheClientJoinAgain) {
  EXPECT_THAT(click("inc"), ElementsAre(R"(["4","4","lv:x","phx_error",{"reason":"unknown"}])"));
}

TEST_F(SocketTest, ASecondJoinReplacesTheFirst) {
  joined();
  click("inc");
  EXPECT_THAT(say(join_text("12")), ElementsAre(R"(["4","4","lv:x","phx_close",{}])", HasSubstr(R"("rendered":{"0":"0")")));
  EXPECT_THAT(click("inc"), IsEmpty());
  EXPECT_EQ(socket_->channels(), 1u);
}

TEST_F(SocketTest, LeaveEndsOnlyItsOwnChannel) {
  joined();
  say(join_text("12"));
  EXPECT_THAT(say(R"(["4","13","lv:x","phx_leave",{}])"), ElementsAre(HasSubstr("ok")));
  EXPECT_EQ(socket_->channels(), 1u);
  EXPECT_THAT(say(R"(["12","14","lv:x","phx_leave",{}])"), ElementsAre(HasSubstr("ok")));
  EXPECT_EQ(socket_->channels(), 0u);
  EXPECT_THAT(say(R"(["12","15","lv:x","phx_leave",{}])"), ElementsAre(HasSubstr("ok")));
}

TEST_F(SocketTest, PatchesOfTheClient) {
  joined();
  EXPECT_THAT(say(R"(["4","8","lv:x","live_patch",{"url":"http://h/dash?tab=two"}])"),
              ElementsAre(OK_DIFF(R"("1":"two")")));
  EXPECT_THAT(say(R"(["4","8","lv:x","live_patch",{"url":"http://h/other"}])"),
              ElementsAre(R"(["4","8","lv:x","phx_reply",{"status":"ok","response":{"link_redirect":true}}])"));
}

TEST_F(SocketTest, PatchesOfTheServerPrecedeTheDiff) {
  joined();
  EXPECT_THAT(click("patch"), ElementsAre(R"(["4",null,"lv:x","live_patch",{"to":"/dash?tab=two","kind":"push"}])",
                                          OK_DIFF(R"("1":"two")")));
  socket_->inform("news", 9, now_);
  EXPECT_THAT(socket_->drain(now_), ElementsAre(R"(["4",null,"lv:x","live_patch",{"to":"/dash?tab=nine","kind":"push"}])",
                                                R"(["4",null,"lv:x","diff",{"1":"nine"}])"));
}

TEST_F(SocketTest, MountMayPatchOrNavigate) {
  EXPECT_THAT(say(join_text("4", "http://h/dash?tab=old")),
              ElementsAre(testing::AllOf(HasSubstr(R"("1":"new")"),
                                         HasSubstr(R"("live_patch":{"to":"/dash?tab=new","kind":"replace"})"))));
  EXPECT_THAT(say(join_text("4", "http://h/dash?tab=away")),
              ElementsAre(R"(["4","4","lv:x","phx_reply",{"status":"error","response":{"live_redirect":{"to":"/other","kind":"push"}}}])"));
  EXPECT_THAT(say(join_text("4", "http://h/dash?tab=login")),
              ElementsAre(R"(["4","4","lv:x","phx_reply",{"status":"error","response":{"redirect":{"to":"/login"}}}])"));
  EXPECT_THAT(say(join_text("4", "http://h/dash?tab=throw")), ElementsAre(ERROR("join crashed")));
  EXPECT_THAT(say(join_text("4", "http://h/dash?tab=loop")), ElementsAre(ERROR("join crashed")));
  EXPECT_EQ(socket_->channels(), 0u);
}

TEST_F(SocketTest, NavigationLeavesADeafChannel) {
  joined();
  EXPECT_THAT(click("go"), ElementsAre(R"(["4","8","lv:x","phx_reply",{"status":"ok","response":{"diff":{"e":[["bye",{}]]},)"
                                       R"("live_redirect":{"to":"/other","kind":"push"}}}])"));
  EXPECT_THAT(click("inc"), ElementsAre(OK_EMPTY));
  socket_->inform("news", 5, now_);
  EXPECT_THAT(socket_->drain(now_), IsEmpty());
  EXPECT_THAT(say(join_text("64", "http://h/other", "", "redirect")), testing::SizeIs(2));
}

TEST_F(SocketTest, NavigationOfItsOwnAccord) {
  joined();
  socket_->inform("news", 10, now_);
  EXPECT_THAT(socket_->drain(now_), ElementsAre(R"(["4",null,"lv:x","live_redirect",{"to":"/other","kind":"push"}])"));
}

TEST_F(SocketTest, RedirectsCarryFlashAndStayOnThisSite) {
  joined();
  EXPECT_THAT(click("leave"), ElementsAre(HasSubstr(R"("redirect":{"to":"/plain","flash":")")));
  say(join_text("4"));
  EXPECT_THAT(click("evil"), ElementsAre(R"(["4","4","lv:x","phx_error",{"reason":"crashed"}])"));
}

TEST_F(SocketTest, AnExceptionEndsTheViewOnly) {
  joined();
  EXPECT_THAT(click("throw"), ElementsAre(R"(["4","4","lv:x","phx_error",{"reason":"crashed"}])"));
  EXPECT_EQ(socket_->channels(), 0u);
  EXPECT_FALSE(socket_->close_code());
  for (const char* event : {"throw_int", "patch_away"}) {
    joined();
    EXPECT_THAT(click(event), ElementsAre(HasSubstr("phx_error")));
  }
  joined();
  socket_->inform("news", 13, now_);
  EXPECT_THAT(socket_->drain(now_), ElementsAre(HasSubstr("phx_error")));
  EXPECT_EQ(endpoint_.counters.exceptions, 4u);
}

TEST_F(SocketTest, ComponentsComeAndGo) {
  joined();
  EXPECT_THAT(click("add"), ElementsAre(OK_DIFF(R"("3":1000,"c":{"1000":{"0":"0","s":["<i>","</i>"],"r":1}})")));
  EXPECT_THAT(click("bump", R"("value":{},"cid":1000)"), ElementsAre(OK_DIFF(R"("c":{"1000":{"0":"1"}})")));
  EXPECT_THAT(click("bump"), ElementsAre(OK_EMPTY));
  EXPECT_THAT(click("drop"), ElementsAre(OK_DIFF(R"("3":"")")));
  EXPECT_THAT(click("bump", R"("value":{},"cid":1000)"), ElementsAre(OK_EMPTY));
  EXPECT_THAT(click("add"), ElementsAre(HasSubstr(R"("3":1001)")));
  EXPECT_THAT(say(R"(["4","8","lv:x","cids_will_destroy",{"cids":[1000]}])"), ElementsAre(OK_EMPTY));
  EXPECT_THAT(say(R"(["4","8","lv:x","cids_destroyed",{"cids":[1000,1001]}])"),
              ElementsAre(R"(["4","8","lv:x","phx_reply",{"status":"ok","response":{"cids":[1000]}}])"));
}

TEST_F(SocketTest, ServerSideChangesArePushed) {
  joined();
  socket_->inform("news", 5, now_);
  EXPECT_THAT(socket_->drain(now_), ElementsAre(R"(["4",null,"lv:x","diff",{"0":"5"}])"));
  socket_->inform("news", 5, now_);
  EXPECT_THAT(socket_->drain(now_), IsEmpty());  // rendered, nothing new, nothing sent
  socket_->inform("news", 7, now_);
  EXPECT_THAT(socket_->drain(now_), ElementsAre(R"(["4",null,"lv:x","diff",{"e":[["points",{}]]}])"));
  socket_->inform("other news", 99, now_);
  EXPECT_FALSE(socket_->wants_write());
}

TEST_F(SocketTest, ASlowReaderCostsOneRender) {
  joined();
  const int before = Dash::renders;
  for (int i = 1; i <= 200; ++i) socket_->inform("news", 100 + i, now_), socket_->inform("news", 8, now_);
  EXPECT_EQ(Dash::renders, before);
  EXPECT_THAT(socket_->drain(now_), ElementsAre(R"(["4",null,"lv:x","diff",{"0":"300","e":[["chart",200]]}])"));
  EXPECT_EQ(Dash::renders, before + 1);
}

TEST_F(SocketTest, TooManyEventsForASlowReaderStartItAnew) {
  joined();
  for (std::size_t i = 0; i <= limits::liveview_events_pending; ++i) socket_->inform("news", 7, now_);
  EXPECT_THAT(socket_->drain(now_), ElementsAre(HasSubstr("phx_error")));
}

TEST_F(SocketTest, RepliesKeepTheirOrderBeforePendingChanges) {
  joined();
  socket_->inform("news", 5, now_);
  socket_->on_message(R"(["4","8","lv:x","event",{"type":"click","event":"inc","value":{}}])", now_);
  socket_->on_message(R"([null,"9","phoenix","heartbeat",{}])", now_);
  EXPECT_THAT(socket_->drain(now_), ElementsAre(OK_DIFF(R"("0":"6")"), HasSubstr("phoenix")));
}

TEST_F(SocketTest, TimersFireWhenTheyAreDue) {
  joined();
  EXPECT_FALSE(socket_->next_tick());
  click("ticks");
  EXPECT_EQ(socket_->next_tick(), now_ + 1s);
  socket_->tick(now_ += 999ms);
  EXPECT_THAT(socket_->drain(now_), IsEmpty());
  socket_->tick(now_ += 1ms);
  EXPECT_THAT(socket_->drain(now_), ElementsAre(R"(["4",null,"lv:x","diff",{"0":"1"}])"));
  socket_->tick(now_ += 10s);  // missed ticks are one
  EXPECT_THAT(socket_->drain(now_), ElementsAre(R"(["4",null,"lv:x","diff",{"0":"2"}])"));
}

TEST_F(SocketTest, AResyncSendsTheWholeTree) {
  joined();
  socket_->resync("lv:x");
  EXPECT_THAT(socket_->drain(now_), ElementsAre(HasSubstr(R"("diff",{"0":"0","1":"","2":"","3":"","s":0,"p":)")));
  EXPECT_THAT(click("inc"), ElementsAre(OK_DIFF(R"("0":"1")")));
}

void check_close(Socket& socket, const std::string& text, CloseCode code, Instant now) {
  socket.on_message(text, now);
  EXPECT_EQ(socket.close_code(), code) << text.substr(0, 60);
}

TEST_F(SocketTest, BadMessagesCloseWithTheirCode) {
  std::string deep;
  for (int i = 0; i < 40; ++i) deep = "[" + deep + "]";
  std::string keys = "{\"a\":0";
  for (int i = 0; i < 1100; ++i) keys += fmt::format(",\"k{}\":0", i);
  const auto message = [](std::string_view payload) { return fmt::format(R"(["1","1","lv:x","event",{}])", payload); };
  check_close(*open(visitor()), "{", CloseCode::bad_data, now_);
  check_close(*open(visitor()), "", CloseCode::bad_data, now_);
  check_close(*open(visitor()), message("\"\xFF\""), CloseCode::bad_data, now_);
  check_close(*open(visitor()), message(deep), CloseCode::bad_data, now_);
  check_close(*open(visitor()), message(keys + "}"), CloseCode::bad_data, now_);
  check_close(*open(visitor()), "{}", CloseCode::protocol_error, now_);
  check_close(*open(visitor()), "[1,2,3]", CloseCode::protocol_error, now_);
  check_close(*open(visitor()), R"([1,"1","t","e",{}])", CloseCode::protocol_error, now_);
  check_close(*open(visitor()), R"(["1","1",null,"e",{}])", CloseCode::protocol_error, now_);
  check_close(*open(visitor()), message("\"" + std::string(70'000, 'x') + "\""), CloseCode::too_big, now_);
}

TEST_F(SocketTest, AFloodIsSlowedThenClosed) {
  const std::string heartbeat = R"([null,"9","phoenix","heartbeat",{}])";
  for (int i = 0; i < limits::liveview_events_per_second; ++i) say(heartbeat);
  EXPECT_FALSE(socket_->read_again_at());
  say(heartbeat);
  ASSERT_TRUE(socket_->read_again_at());
  EXPECT_GT(*socket_->read_again_at(), now_);
  now_ = *socket_->read_again_at() + 20ms;
  say(heartbeat);
  EXPECT_FALSE(socket_->read_again_at());
  for (int i = 0; i < limits::liveview_events_per_second; ++i) say(heartbeat);
  EXPECT_EQ(socket_->close_code(), CloseCode::policy);
}

TEST_F(SocketTest, AReaderThatTakesNothingIsClosed) {
  joined();
  for (std::size_t i = 0; i <= limits::liveview_frames_queued; ++i) {
    socket_->on_message(R"([null,"9","phoenix","heartbeat",{}])", now_ += 1s);
  }
  EXPECT_EQ(socket_->close_code(), CloseCode::restart);
  EXPECT_FALSE(socket_->next_frame(now_));
}

TEST_F(SocketTest, ChannelsPerSocketAreBounded) {
  for (int i = 0; i < 9; ++i) {
    const auto answer = say(fmt::format(R"(["1","1","lv:p{}","phx_join",{{"url":"/dash","session":"{}"}}])", i,
                                        session(fmt::format("p{}", i))));
    EXPECT_THAT(answer, ElementsAre(HasSubstr(i < 8 ? "rendered" : "overloaded")));
  }
}

TEST_F(SocketTest, TheFirstPageCarriesWhatTheJoinNeeds) {
  router_.layout("app", [](const LayoutInput& in) {
    return html<"<!doctype html><html><head><meta name=\"csrf-token\" content=\"{}\"><title>{}</title></head><body>{}</body></html>">(
        in.csrf_token, in.title, in.main);
  });
  const Visitor who = visitor();
  const auto page = dead_render(router_, signer_, {"/dash?tab=a%3Cb", who, "x", now_});
  ASSERT_TRUE(page);
  EXPECT_THAT(page->html, HasSubstr("<title>Dash</title>"));
  EXPECT_THAT(page->html, HasSubstr(fmt::format("content=\"{}\"", signer_.csrf("sid-1"))));
  EXPECT_THAT(page->html, HasSubstr("<b>0</b><p>a&lt;b</p>"));
  EXPECT_THAT(page->html, HasSubstr("<div id=\"x\" data-phx-main data-phx-session=\""));
  const auto from = page->html.find("session=\"") + 9;
  EXPECT_THAT(say(join_text("4", "http://h/dash", page->html.substr(from, page->html.find('"', from) - from))),
              ElementsAre(HasSubstr("rendered")));
  EXPECT_EQ(dead_render(router_, signer_, {"/dash?tab=login", who, "x", now_})->location, "/login");
  EXPECT_EQ(dead_render(router_, signer_, {"/none", who, "x", now_}).error().code, Code::not_found);
  EXPECT_EQ(dead_render(router_, signer_, {"/dash?tab=throw", who, "x", now_}).error().code, Code::unavailable);
}

}  // namespace
}  // namespace aybiza::liveview
