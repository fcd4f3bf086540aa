// One HTTP/1.1 connection: read a head, ask, read a body, hand over, write, again.
//
// Shape    phases in a circle; every wait has a deadline, one timer serves them all and is set again lazily, so that
//          a request costs no timer operation.
//            idle -> head -> body -> handling -> writing -> idle      (or -> closing, when the connection ends)
//                                       streaming: handling <-> writing, a chunk at a time
//          connection.cc reads, times and ends; connection_head.cc, _body.cc and _answer.cc do what their names say.
// Errors   see http_server.h; what cannot be answered is closed. After a refusal with bytes of the body still on
//          their way the rest is read and dropped for a moment, so that the client sees the answer and not a reset.
// Threads  everything runs on the connection's strand; answer, drain and abort may be called from any thread.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <memory>
#include <optional>

#include "net/asio.h"
#include "net/response_head.h"
#include "net/server_core.h"

namespace aybiza::net {

class Connection final : public Drainable, public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<ServerCore> core, Socket socket, Ticket ticket, Peer peer, std::uint16_t local_port);

  void start();
  void refuse_and_close(Refusal reason);  // instead of start(): over the connection limit

  void drain() override;
  void abort() override;

 private:
  enum class Phase { idle, head, body, handling, writing, closing, closed };
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  class Exchange;  // what a Responder holds
  static constexpr std::size_t first_read_bytes = 4 * limits::KiB;  // what an idle connection holds
  static constexpr std::size_t body_read_bytes = 64 * limits::KiB;
  static Response overload(std::string_view what);

  // Head.
  void next_request();
  void read_more();
  void parse_head();
  void on_head();
  bool fill_request();
  bool check_framing();
  void on_route(Router::Match match);
  void upgrade(const Route& route);

  // Body.
  void begin_body(const Route& route);
  void read_sized_body();
  void parse_chunked_body();
  bool reserve_for_chunks();
  void skip_body();
  void hand_over();

  // Answer.
  void refuse(Refusal reason, Response response);  // an answer of ours, maybe with the body unread
  void answer(std::uint64_t exchange, Response response);
  void write_response(Response response);
  void write(std::string_view body);
  void on_written();
  void next_chunk();
  void on_chunk(std::uint64_t exchange, Result<std::string> chunk);
  void finish_response();

  // Time and the end.
  void set_deadline(Duration from_now);
  void set_body_deadline();
  void arm();
  void on_deadline();
  void linger();
  void linger_read();
  void watch_client();
  void close();

  template <typename Done>
  void read_some(asio::mutable_buffer into, std::shared_ptr<Request> keep, Done done);

  const std::shared_ptr<ServerCore> core_;  // first: outlives the socket
  Socket socket_;
  Timer timer_;
  Ticket ticket_;
  const Peer peer_;
  const std::uint16_t local_port_;
  std::chrono::steady_clock::time_point deadline_, armed_for_;
  bool armed_ = false, reading_ = false, counted_in_flight_ = false, peer_ended_ = false;
  Phase phase_ = Phase::idle;
  std::atomic<bool> gone_{false};
  std::atomic<bool> left_{false};  // the client says no more, and while it waited for an answer that means that it has left

  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::shared_ptr<Request> request_;
  const Route* route_ = nullptr;
  std::uint64_t exchange_ = 0;  // counts requests: an answer to an earlier one does nothing
  bool keep_alive_ = true, head_only_ = false, http_1_0_ = false;
  std::size_t head_done_ = 0, body_bytes_ = 0, body_done_ = 0;
  std::chrono::steady_clock::time_point body_began_;
  std::optional<Response> refusal_;  // sent once the body is skipped

  std::string out_head_, out_chunk_;
  Response out_;
  ChunkSource source_;
  bool streaming_ = false, last_chunk_ = false;
};

template <typename Done>
void Connection::read_some(asio::mutable_buffer into, std::shared_ptr<Request> keep, Done done) {
  reading_ = true;
  socket_.async_read_some(into, [self = shared_from_this(), keep = std::move(keep), done](ErrorCode error, std::size_t n) {
    self->reading_ = false;
    self->core_->counters.bytes_in.fetch_add(n, std::memory_order_relaxed);
    if (self->phase_ == Phase::closed) return;
    if (self->phase_ == Phase::closing) return error ? self->close() : self->linger_read();  // a refusal overtook this
    if (self->phase_ == Phase::writing) {
      self->peer_ended_ = self->peer_ended_ || error;
      return;
    }
    if (error) return self->close();
    done(*self, n);
  });
}

}  // namespace aybiza::net
