// One HTTP/2 connection that answers unary gRPC calls: bytes in, calls out, bytes to send back. No socket in here.
//
// Shape    take() reads what came and hands each whole call to `on_call`; answer() says how it went; output() is what to write. A call is
//          POST with one message: its body, without the frame of five bytes, is the Request's, "Content-Encoding" set when it was packed.
//          A Response of 200 is grpc-status 0 and its body the message; others become the status of their header "grpc-status", or what
//          gRPC says of their HTTP status.
// Errors   take() is false when the peer does not speak HTTP/2: write the output, then close. A call that is no gRPC is answered 415, one
//          above `message_bytes` RESOURCE_EXHAUSTED, one without memory UNAVAILABLE, a broken frame INVALID_ARGUMENT.
// Cost     bodies are reserved in the budget before they are held; at most `streams` calls at a time, heads of 16 KiB.
// Threads  none: owned by one connection. answer() may be called from within on_call.
// Source   RFC 9113; grpc/doc/PROTOCOL-HTTP2.md and http-grpc-status-mapping.md.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "net/http.h"
#include "runtime/budget.h"

struct nghttp2_session;

namespace aybiza::net {

struct GrpcSessionConfig {
  std::size_t message_bytes = limits::body_unpacked_bytes;
  std::uint32_t streams = 32;
  Budget* budget = nullptr;  // outlives the session; null: bodies are not counted
  std::function<void(std::int32_t stream, Request request)> on_call;
};

class GrpcSession {
 public:
  explicit GrpcSession(GrpcSessionConfig config);
  ~GrpcSession();
  GrpcSession(const GrpcSession&) = delete;  // the library points to it; there is one per connection
  GrpcSession& operator=(const GrpcSession&) = delete;

  [[nodiscard]] bool take(std::string_view bytes);
  void answer(std::int32_t stream, Response response);  // a stream that is gone: nothing happens
  void drain();                                         // no new calls; those at work are still answered
  std::string output();
  bool finished() const;                                // nothing more to read or to write
  std::size_t calls() const { return streams_.size(); }

 private:
  struct Stream;
  struct Callbacks;
  void refuse(std::int32_t stream, unsigned code, std::string_view why);
  void reply(std::int32_t id, Stream& stream, unsigned code, std::string_view message, std::string body);
  void data(std::int32_t id, Stream& stream, std::string_view piece);
  void complete(std::int32_t id, Stream& stream);

  const GrpcSessionConfig config_;
  nghttp2_session* session_ = nullptr;
  std::map<std::int32_t, std::unique_ptr<Stream>> streams_;
};

}  // namespace aybiza::net
