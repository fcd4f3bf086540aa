// The demo views over the frames of a client.
#include "demo_views.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "liveview/dead_render.h"
#include "liveview/socket.h"

namespace aybiza::liveview::demo {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Demo : public testing::Test {
 protected:
  Demo() { add_demo_views(router_); }

  // The page over HTTP, then the join with what the page carries.
  std::string open(const std::string& name) {
    visitor_ = {"sid", signer_.csrf("sid"), "", "::1", nullptr};
    const std::string path = "/demo/" + name;
    const auto page = dead_render(router_, signer_, {path, visitor_, "p", now_});
    EXPECT_TRUE(page);
    const std::size_t from = page->html.find("session=\"") + 9;
    const std::string session = page->html.substr(from, page->html.find('"', from) - from);
    socket_ = std::make_unique<Socket>(endpoint_, visitor_, now_);
    socket_->on_message(fmt::format(R"(["1","1","lv:p","phx_join",{{"url":"http://h{}","session":"{}"}}])", path, session), now_);
    return socket_->drain(now_).at(0);
  }
  std::string event(std::string_view payload) {
    socket_->on_message(fmt::format(R"(["1","2","lv:p","event",{}])", payload), now_);
    std::string all;
    for (const auto& frame : socket_->drain(now_)) all += frame;
    return all;
  }
  std::string click(std::string_view name) { return event(fmt::format(R"({{"type":"click","event":"{}","value":{{}}}})", name)); }

  Instant now_ = from_micros(1'800'000'000'000'000);
  Router router_;
  Signer signer_{std::string(32, 'k')};
  Endpoint endpoint_{router_, signer_};
  Visitor visitor_;
  std::unique_ptr<Socket> socket_;
};

TEST_F(Demo, Counter) {
  EXPECT_THAT(open("counter"), HasSubstr(R"("t":"Counter")"));
  EXPECT_THAT(click("inc"), HasSubstr(R"("diff":{"0":"1"})"));
  EXPECT_THAT(event(R"({"type":"click","event":"bump","value":{},"cid":1000})"), HasSubstr(R"("diff":{"c":{"1000":{"1":"1"}}})"));
}

TEST_F(Demo, List) {
  open("list");
  EXPECT_THAT(click("reverse"), HasSubstr(R"({"k":{"0":3,"1":2,"2":1,"3":0,"km":true,"kc":4}})"));
  EXPECT_THAT(click("clear"), HasSubstr(R"({"0":""})"));
}

TEST_F(Demo, Form) {
  open("form");
  EXPECT_THAT(event(R"({"type":"form","event":"check","value":"name=&_unused_name=","meta":{"_target":"name"}})"), HasSubstr("{}"));
  EXPECT_THAT(event(R"({"type":"form","event":"check","value":"name="})"), HasSubstr("a name, please"));
  EXPECT_THAT(event(R"({"type":"form","event":"save","value":"name=Zo%C3%AB&button=go"})"), HasSubstr("Zo\xC3\xAB/go"));
  EXPECT_THAT(event(R"({"type":"click","event":"lv:clear-flash","value":{"key":"info"}})"), HasSubstr(R"("diff":{"0":""})"));
}

TEST_F(Demo, Stream) {
  EXPECT_THAT(open("stream"), HasSubstr(R"("stream":["messages",[["m-1",-1,null,null],["m-2",-1,null,null],["m-3",-1,null,null]],[]])"));
  EXPECT_THAT(click("append"), HasSubstr(R"(["m-4",-1,null,null])"));
  EXPECT_THAT(click("other"), Not(HasSubstr("stream")));
}

TEST_F(Demo, Tabs) {
  open("tabs");
  EXPECT_THAT(click("three"), HasSubstr(R"("live_patch",{"to":"/demo/tabs?tab=three","kind":"push"})"));
  EXPECT_THAT(click("away"), HasSubstr(R"("live_redirect":{"to":"/demo/counter","kind":"push"})"));
}

TEST_F(Demo, Hook) {
  open("hook");
  EXPECT_THAT(event(R"({"type":"hook","event":"ping","value":{"x":21}})"), HasSubstr(R"("diff":{"0":"1","r":{"double":42}})"));
  EXPECT_THAT(click("draw"), HasSubstr(R"("e":[["points",{"ys":[1,2,3]}]])"));
}

}  // namespace
}  // namespace aybiza::liveview::demo
