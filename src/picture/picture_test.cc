// The DevTools protocol as text; and, where there is a Chromium, a page that is waited for, taken and left without a trace.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "picture/browser_process.h"
#include "picture/camera.h"
#include "picture/devtools.h"
#include "picture/picture_limits.h"

namespace aybiza {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

TEST(Devtools, CommandsAreJson) {
  EXPECT_EQ(to_json({.id = 1, .method = "Browser.close"}), R"({"id":1,"method":"Browser.close","params":{}})");
  EXPECT_EQ(to_json({.id = 2, .method = "Page.navigate", .params = R"({"url":"http://127.0.0.1/"})", .session = "S\"1"}),
            R"({"id":2,"method":"Page.navigate","params":{"url":"http://127.0.0.1/"},"sessionId":"S\"1"})");
}

TEST(Devtools, RepliesGiveTheOneValueThatIsAsked) {
  const auto check = [](std::string_view text, const char* pointer, std::int64_t id, std::string_view value, std::string_view error) {
    const auto message = parse_devtools(text, pointer);
    ASSERT_TRUE(message.has_value()) << text;
    EXPECT_EQ(message->id, id) << text;
    EXPECT_EQ(message->value, value) << text;
    EXPECT_EQ(message->error, error) << text;
  };
  check(R"({"id":4,"result":{"targetId":"T"}})", "/result/targetId", 4, "T", "");
  check(R"({"id":4,"result":{"n":[1,2]}})", "/result/n", 4, "[1,2]", "");
  check(R"({"id":4,"result":{}})", "/result/targetId", 4, "", "");
  check(R"({"id":4,"error":{"message":"no such target"}})", "/result/targetId", 4, "", "no such target");
  check(R"({"id":4,"error":7})", "", 4, "", "it gave no reason");
  check(R"({"method":"Target.targetDestroyed","params":{}})", "/params", 0, "", "");  // an event
  for (const std::string_view wrong : {"", "[]", "{", "null", "{\"id\":1}{"}) EXPECT_FALSE(parse_devtools(wrong, "").has_value()) << wrong;
}

TEST(Devtools, PicturesAreBase64WithinABound) {
  EXPECT_EQ(from_base64("cGFnZQ==", 4).value(), "page");
  EXPECT_EQ(from_base64("", 4).value(), "");
  EXPECT_EQ(from_base64("cGFnZXM=", 4).error().code, Code::too_large);
  for (const std::string_view wrong : {"cGFnZQ", "cGF nZQ==", "====", "cGFnZQ==x"}) EXPECT_FALSE(from_base64(wrong, 100).has_value()) << wrong;
}

TEST(PageSaid, IsAStatusAWordAndAHeight) {
  const auto said = parse_page_said("200 charts 2417");
  ASSERT_TRUE(said.has_value());
  EXPECT_EQ(said->status, 200);
  EXPECT_EQ(said->waits, "charts");
  EXPECT_EQ(said->height, 2417);
  EXPECT_EQ(parse_page_said("404 ready 600")->waits, "");
  for (const std::string_view wrong : {"", "200", "200 ready", "x ready 1", "200 ready -1", "200 ready 99999999999", "200 1"}) EXPECT_FALSE(parse_page_said(wrong).has_value()) << wrong;
}

TEST(Camera, WithoutABrowserSaysWhatToDo) {
  const ManualClock clock(from_micros(0));
  for (const bool off : {false, true}) {
    Camera camera({}, off, clock);
    Result<PagePictures> got;
    bool prepared = false;
    camera.take([&] { return prepared = true, PictureWish{}; }, nullptr, [&](Result<PagePictures> answer) { got = std::move(answer); });
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().code, Code::unsupported);
    EXPECT_THAT(got.error().message, HasSubstr(off ? "--chromium off" : "install the package chromium"));
    EXPECT_FALSE(prepared);
    EXPECT_EQ(camera.counters().failed.at("no_browser"), 1u);
  }
  EXPECT_EQ(BrowserProcess::start("/nowhere/chromium", clock).error().code, Code::not_found);
}

TEST(BrowserProcess, AProgramThatEndsAtOnceIsNoHangAndLeavesNothing) {
  const SystemClock clock;
  std::filesystem::path directory;
  {
    auto browser = BrowserProcess::start("/bin/true", clock);
    ASSERT_TRUE(browser.has_value()) << browser.error().message;
    directory = (*browser)->directory();
    EXPECT_TRUE(std::filesystem::exists(directory));
    const auto said = (*browser)->receive({clock, clock.elapsed() + 30s, nullptr});
    ASSERT_FALSE(said.has_value());
    EXPECT_THAT(said.error().message, StartsWith("the browser has ended"));
  }
  EXPECT_FALSE(std::filesystem::exists(directory));
}

class WithBrowser : public testing::Test {
 protected:
  void SetUp() override {
    if (program_.empty()) GTEST_SKIP() << "no Chromium here";
  }
  const std::filesystem::path program_ = find_browser("");
  const SystemClock clock_;
};

TEST_F(WithBrowser, ItsGroupAndItsFilesAreGoneAfterwards) {
  pid_t pid = 0;
  std::filesystem::path directory;
  {
    auto browser = BrowserProcess::start(program_, clock_);
    ASSERT_TRUE(browser.has_value()) << browser.error().message;
    pid = (*browser)->pid(), directory = (*browser)->directory();
    EXPECT_TRUE(group_lives(pid));
    const Patience patience{clock_, clock_.elapsed() + 60s, nullptr};
    ASSERT_TRUE((*browser)->send(to_json({.id = 1, .method = "Browser.getVersion"}), patience).has_value());
    const auto said = (*browser)->receive(patience);
    ASSERT_TRUE(said.has_value()) << said.error().message;
    EXPECT_THAT(parse_devtools(*said, "/result/product")->value, HasSubstr("Chrome"));
  }
  EXPECT_FALSE(group_lives(pid));
  EXPECT_FALSE(std::filesystem::exists(directory));
}

TEST_F(WithBrowser, WhatIsCalledOffStopsAtOnce) {
  Camera camera(program_, false, clock_);
  std::atomic<int> answers{0};
  camera.take([] { return PictureWish{.url = "http://127.0.0.1:9/", .cookie_name = {}, .cookie_value = {}, .png = true, .heading = {}, .moment = {}}; }, [] { return true; },
              [&](Result<PagePictures> answer) { answers += answer.has_value() ? 100 : 1; });
  camera.stop();
  EXPECT_EQ(answers, 1);
  EXPECT_EQ(camera.counters().failed.at("gone"), 1u);
}

TEST_F(WithBrowser, APageThatCannotBeOpenedIsAnError) {
  const auto taken = take_pictures(program_, {.url = "http://127.0.0.1:9/", .cookie_name = {}, .cookie_value = {}, .png = true, .heading = {}, .moment = {}}, clock_, nullptr);
  ASSERT_FALSE(taken.has_value());
  EXPECT_THAT(taken.error().message, HasSubstr("could not open the page"));
}

}  // namespace
}  // namespace aybiza
