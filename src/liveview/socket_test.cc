#include "liveview/socket.h"

#include <gmock/gmock.h>

#include "base/limits.h"
#include "liveview/dead_render.h"
#include "liveview/socket_fixture.h"

namespace aybiza::liveview {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

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

TEST_F(SocketTest, WhatAViewCallsUnchangedIsNotRendered) {
  joined();
  const int renders = Dash::renders;
  EXPECT_THAT(click("seen"), ElementsAre(OK_DIFF(R"("r":{})")));
  EXPECT_EQ(Dash::renders, renders);
  EXPECT_THAT(click("inc"), ElementsAre(OK_DIFF(R"("0":"1")")));  // that was of one event
  socket_->inform("news", 5, now_);                               // what waits to be rendered travels by itself
  socket_->on_message(R"(["4","8","lv:x","event",{"type":"hook","event":"seen","value":{}}])", now_);
  EXPECT_THAT(socket_->drain(now_), ElementsAre(OK_DIFF(R"("r":{})"), R"(["4",null,"lv:x","diff",{"0":"5"}])"));
  click("seen_and_gone");
  EXPECT_EQ(Dash::renders, renders + 3);  // other parameters are a change
}

TEST_F(SocketTest, FormsAreUrlencoded) {
  joined();
  EXPECT_THAT(say(R"(["4","8","lv:x","event",{"type":"form","event":"val","value":"name=Zo%C3%AB+%3Cb%3E","meta":{"_target":"name"}}])"),
              ElementsAre(OK_DIFF("\"2\":\"Zo\xC3\xAB &lt;b&gt;\"")));
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
