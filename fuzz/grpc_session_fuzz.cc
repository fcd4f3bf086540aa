// The bytes of an HTTP/2 connection from a stranger: calls are whole and bounded, every one is answered once, and nothing is held afterwards.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "net/grpc_session.h"

// What follows the preface; every fourth call is refused.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aybiza;
  Budget budget(1 << 20);
  {
    net::GrpcSession* self = nullptr;
    net::GrpcSession session({.message_bytes = 10'000, .streams = 4, .budget = &budget, .on_call = [&self](std::int32_t stream, net::Request request) {
                                CHECK(request.method == net::Method::post && request.body.size() <= 10'000 && request.header("content-type").starts_with("application/grpc"));
                                self->answer(stream, stream % 8 == 1 ? net::Response::error(503, "x", "x") : net::Response::text(200, std::move(request.body)));
                              }});
    self = &session;
    CHECK(session.take("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    for (std::size_t at = 0; at < size; at += 1000) {
      if (!session.take(bytes.substr(at, 1000))) break;
      CHECK(session.calls() <= 8 && session.output().size() < 1 << 20);
    }
    session.drain();
    (void)session.output();
  }
  CHECK(budget.used() == 0);
  return 0;
}
