// A session against the library's own client: what is called, what is answered, and what a peer without manners gets.
#include "net/grpc_session.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>

namespace aybiza::net {
namespace {

std::string framed(std::string_view message, char packed = 0) {
  const std::size_t size = message.size();
  return std::string{packed, char(size >> 24 & 255), char(size >> 16 & 255), char(size >> 8 & 255), char(size & 255)} + std::string(message);
}

nghttp2_nv field(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) { return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data())); };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

// What came back on one stream: "200 0 answer", "200 3: why" or "415".
struct Got {
  std::string http, grpc, message, body;
  bool closed = false;
  std::string text() const { return grpc.empty() ? http : grpc == "0" ? fmt::format("{} 0 {}", http, body.substr(std::min<std::size_t>(5, body.size()))) : fmt::format("{} {}: {}", http, grpc, message); }
};

class Client {
 public:
  Client() {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                                                                   const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
      Got& answer = static_cast<Client*>(user)->got[frame->hd.stream_id];
      const std::string key(reinterpret_cast<const char*>(name), name_size), text(reinterpret_cast<const char*>(value), value_size);
      if (key == ":status") answer.http = text;
      if (key == "grpc-status") answer.grpc = text;
      if (key == "grpc-message") answer.message = text;
      return 0;
    });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, [](nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes, std::size_t size, void* user) {
      static_cast<Client*>(user)->got[id].body.append(reinterpret_cast<const char*>(bytes), size);
      return 0;
    });
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, [](nghttp2_session*, std::int32_t id, std::uint32_t, void* user) {
      static_cast<Client*>(user)->got[id].closed = true;
      return 0;
    });
    nghttp2_session_client_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
  }
  ~Client() { nghttp2_session_del(session_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  std::int32_t call(std::string body, std::string_view type = "application/grpc", std::string_view method = "POST") {
    bodies_.push_back(std::make_unique<std::pair<std::string, std::size_t>>(std::move(body), 0));
    const nghttp2_nv head[] = {field(":method", method), field(":scheme", "http"), field(":path", "/x.Y/Z"), field(":authority", "h"), field("content-type", type),
                               field("te", "trailers"), field("grpc-encoding", "gzip"), field("x-api-key", "k")};
    const nghttp2_data_provider provider{{.ptr = bodies_.back().get()}, [](nghttp2_session*, std::int32_t, std::uint8_t* buffer, std::size_t room, std::uint32_t* flags,
                                                                           nghttp2_data_source* source, void*) {
      auto& [text, sent] = *static_cast<std::pair<std::string, std::size_t>*>(source->ptr);
      const std::size_t size = std::min(room, text.size() - sent);
      std::copy_n(text.data() + sent, size, reinterpret_cast<char*>(buffer));
      sent += size;
      if (sent == text.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
      return static_cast<ssize_t>(size);
    }};
    return nghttp2_submit_request(session_, nullptr, head, std::size(head), &provider, nullptr);
  }
  void reset(std::int32_t stream) { nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL); }

  // To and fro until neither has anything to say; a byte at a time, if asked.
  void talk(GrpcSession& server, std::size_t piece = SIZE_MAX) {
    for (bool any = true; any;) {
      any = false;
      const std::uint8_t* bytes = nullptr;
      for (ssize_t size = 0; (size = nghttp2_session_mem_send(session_, &bytes)) > 0; any = true)
        for (std::string_view rest(reinterpret_cast<const char*>(bytes), std::size_t(size)); !rest.empty(); rest.remove_prefix(std::min(piece, rest.size())))
          ASSERT_TRUE(server.take(rest.substr(0, piece)));
      const std::string back = server.output();
      any = any || !back.empty();
      ASSERT_EQ(nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(back.data()), back.size()), ssize_t(back.size()));
    }
  }

  std::map<std::int32_t, Got> got;

 private:
  nghttp2_session* session_ = nullptr;
  std::vector<std::unique_ptr<std::pair<std::string, std::size_t>>> bodies_;
};

class GrpcSessionTest : public testing::Test {
 protected:
  GrpcSession server_{{.message_bytes = 100'000, .streams = 4, .budget = &budget_, .on_call = [this](std::int32_t stream, Request request) { calls_.emplace_back(stream, std::move(request)); }}};
  Budget budget_{1 << 20};
  std::vector<std::pair<std::int32_t, Request>> calls_;
  Client client_;
};

TEST_F(GrpcSessionTest, ACallAndItsAnswer) {
  const std::string message(1000, 'm');
  const auto stream = client_.call(framed(message));
  client_.talk(server_, 1);
  ASSERT_EQ(calls_.size(), 1u);
  const Request& request = calls_[0].second;
  EXPECT_EQ(request.path, "/x.Y/Z");
  EXPECT_EQ(request.body, message);
  EXPECT_EQ(request.header("x-api-key"), "k");
  EXPECT_EQ(request.header("Content-Encoding"), "");
  EXPECT_GE(budget_.used(), request.body.size());
  server_.answer(stream, Response::text(200, "thanks", "application/x-protobuf"));
  client_.talk(server_);
  EXPECT_EQ(client_.got[stream].text(), "200 0 thanks");
  EXPECT_EQ(client_.got[stream].body, framed("thanks"));
  EXPECT_EQ(server_.calls(), 0u);
  server_.answer(stream, Response::text(200, "late"));  // of a stream that is gone
  calls_.clear();
  EXPECT_EQ(budget_.used(), 0u);
}

TEST_F(GrpcSessionTest, AnswersComeInAnyOrder) {
  const auto first = client_.call(framed("1")), second = client_.call(framed(std::string(90'000, '2'), 1)), third = client_.call(framed(""));
  client_.talk(server_);
  ASSERT_EQ(calls_.size(), 3u);
  for (const auto& [stream, request] : calls_) EXPECT_EQ(request.header("Content-Encoding"), std::string_view(stream == second ? "gzip" : ""));
  server_.answer(third, Response::text(200, std::string(200'000, 'c')));
  server_.answer(first, Response::text(200, ""));
  server_.answer(second, Response::error(503, "disk", "no"));
  client_.talk(server_);
  EXPECT_EQ(client_.got[first].text(), "200 0 ");
  EXPECT_EQ(client_.got[second].text(), "200 14: Service Unavailable");
  EXPECT_EQ(client_.got[third].body, framed(std::string(200'000, 'c')));
  EXPECT_TRUE(client_.got[first].closed && client_.got[second].closed && client_.got[third].closed);
}

TEST_F(GrpcSessionTest, StatusesAndWords) {
  const auto check = [&](Response response, std::string_view expected) {
    const auto stream = client_.call(framed("x"));
    client_.talk(server_);
    server_.answer(stream, std::move(response));
    client_.talk(server_);
    EXPECT_EQ(client_.got[stream].text(), expected);
  };
  check(Response::error(401, "unauthorized", "key"), "200 16: Unauthorized");
  check(Response::error(403, "forbidden", "key"), "200 7: Forbidden");
  check(Response::error(404, "not_found", "x"), "200 12: Not Found");
  check(Response::error(500, "x", "x"), "200 2: Internal Server Error");
  check(Response::text(400, "").with("grpc-status", "3").with("grpc-message", "100 % ü"), "200 3: 100 %25 %C3%BC");
}

TEST_F(GrpcSessionTest, WhatIsNoCallIsToldSo) {
  const auto check = [&](std::int32_t stream, std::string_view expected) {
    client_.talk(server_);
    EXPECT_EQ(client_.got[stream].text(), expected);
    EXPECT_TRUE(client_.got[stream].closed);
  };
  check(client_.call("x", "text/plain"), "415");
  check(client_.call(framed("x"), "application/grpc", "PUT"), "415");
  check(client_.call("abc"), "200 3: a unary call has one message, with its length before it");
  check(client_.call(framed("x") + framed("y")), "200 3: a unary call has one message, with its length before it");
  check(client_.call(framed("x", 7)), "200 3: the first byte of a message is 0 or 1");
  check(client_.call(framed(std::string(100'001, 'x'))), "200 8: the message is larger than this call takes");
  auto all = budget_.reserve(900'000);
  check(client_.call(framed(std::string(90'000, 'x'))), "200 14: the server is short of memory");
  EXPECT_TRUE(calls_.empty());
  EXPECT_EQ(server_.calls(), 0u);
}

TEST_F(GrpcSessionTest, APeerThatLeavesLeavesNothing) {
  const auto stream = client_.call(framed(std::string(99'000, 'x')).substr(0, 50'000));
  client_.reset(stream);
  client_.talk(server_);
  EXPECT_EQ(server_.calls(), 0u);
  EXPECT_EQ(budget_.used(), 0u);
}

TEST_F(GrpcSessionTest, ADrainingSessionAnswersWhatItHas) {
  const auto stream = client_.call(framed("x"));
  client_.talk(server_);
  server_.drain();
  EXPECT_FALSE(server_.finished());
  server_.answer(stream, Response::text(200, "y"));
  client_.talk(server_);
  EXPECT_EQ(client_.got[stream].text(), "200 0 y");
  EXPECT_TRUE(server_.finished());
}

TEST_F(GrpcSessionTest, AnotherProtocolIsNotTaken) {
  EXPECT_FALSE(server_.take("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
}

}  // namespace
}  // namespace aybiza::net
