// What a socket takes from a client that is slow, talks too much, or says what no client says.
#include <gmock/gmock.h>

#include "base/limits.h"
#include "liveview/socket_fixture.h"

namespace aybiza::liveview {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

void check_close(Socket& socket, const std::string& text, CloseCode code, Instant now) {
  socket.on_message(text, now);
  EXPECT_EQ(socket.close_code(), code) << text.substr(0, 60);
}

TEST_F(SocketTest, TheThirdStaleAnswerSlowsTheClientDown) {
  std::vector<std::string> answers;
  for (int i = 0; i < 3; ++i) {
    socket_ = open({"", "", "", "127.0.0.1", nullptr});
    answers.push_back(say(join_text()).at(0));
  }
  EXPECT_THAT(answers, ElementsAre(ERROR("stale"), ERROR("stale"), ERROR("overloaded")));
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

}  // namespace
}  // namespace aybiza::liveview
