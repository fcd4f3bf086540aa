#include "net/grpc_server.h"

#include <fmt/format.h>

#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/write.hpp>
#include <set>

#include "base/check.h"
#include "net/asio.h"
#include "net/grpc_session.h"
#include "net/listen_address.h"
#include "runtime/gate.h"
#include "runtime/thread.h"

namespace aybiza::net {

// Everything in it but what stop() touches belongs to the one thread that runs `io`.
struct GrpcServer::Core {
  Core(GrpcConfig settings, Router table) : config(std::move(settings)), router(std::move(table)), gate(config.connections) {}

  GrpcConfig config;
  Router router;
  Gate gate;
  asio::io_context io{1};
  Strand strand = asio::make_strand(io);
  Acceptor acceptor{strand};
  Timer pause{strand};
  std::string address;
  std::uint16_t port = 0;
  std::set<GrpcConnection*> open;
  bool stopping = false, stopped = false;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work;
  Thread thread;

  static void accept(const std::shared_ptr<Core>& core);
};

namespace {

constexpr std::size_t read_bytes = 64 << 10;
constexpr auto accept_pause = std::chrono::milliseconds(100);  // when the process is out of descriptors

}  // namespace

class GrpcConnection : public std::enable_shared_from_this<GrpcConnection> {
 public:
  GrpcConnection(std::shared_ptr<GrpcServer::Core> core, Socket socket, Gate::Pass pass, Peer peer);
  ~GrpcConnection() { core_->open.erase(this); }

  void start() {
    ErrorCode ignored;
    socket_.set_option(Tcp::no_delay(true), ignored);
    core_->open.insert(this);
    write();
    read();
  }
  void drain() { session_.drain(), write(); }
  void abort() {
    ErrorCode ignored;
    closed_ = true;
    idle_.cancel();
    socket_.close(ignored);
  }

 private:
  struct Sink final : Responder::Sink {
    Sink(std::weak_ptr<GrpcConnection> to, std::shared_ptr<GrpcServer::Core> of, std::int32_t id) : who(std::move(to)), core(std::move(of)), stream(id) {}
    void deliver(Response response) override;
    bool client_gone() const override { return who.expired(); }
    const std::weak_ptr<GrpcConnection> who;
    const std::shared_ptr<GrpcServer::Core> core;
    const std::int32_t stream;
  };

  void called(std::int32_t stream, Request request);
  void read();
  void write();

  const std::shared_ptr<GrpcServer::Core> core_;
  Socket socket_;
  Timer idle_;
  const Gate::Pass pass_;
  const Peer peer_;
  GrpcSession session_;
  std::array<char, read_bytes> buffer_{};
  std::string writing_;
  bool broken_ = false, closed_ = false;
};

GrpcConnection::GrpcConnection(std::shared_ptr<GrpcServer::Core> core, Socket socket, Gate::Pass pass, Peer peer)
    : core_(std::move(core)), socket_(std::move(socket)), idle_(core_->strand), pass_(std::move(pass)), peer_(std::move(peer)),
      session_({.budget = core_->config.budget, .on_call = [this](std::int32_t stream, Request request) { called(stream, std::move(request)); }}) {}

void GrpcConnection::Sink::deliver(Response response) {
  asio::post(core->strand, [weak = who, id = stream, response = std::move(response)]() mutable {
    const auto self = weak.lock();
    if (!self || self->closed_) return;
    self->session_.answer(id, std::move(response));
    self->write();
  });
}

void GrpcConnection::called(std::int32_t stream, Request request) {
  Responder respond(std::make_shared<Sink>(weak_from_this(), core_, stream));
  request.peer = peer_;
  request.local_port = core_->port;
  const auto match = core_->router.match(request.method, request.path);
  if (match.route == nullptr) return respond(Response::error(404, "not_found", "no such method"));
  if (auto refused = core_->config.guard(request, *match.route)) return respond(std::move(*refused));
  match.route->handler(std::make_shared<const Request>(std::move(request)), std::move(respond));
}

void GrpcConnection::read() {
  idle_.expires_after(core_->config.idle);
  idle_.async_wait([weak = weak_from_this()](ErrorCode error) {
    if (const auto self = weak.lock(); self && !error) self->abort();
  });
  socket_.async_read_some(asio::buffer(buffer_), [self = shared_from_this()](ErrorCode error, std::size_t size) {
    if (self->closed_) return;
    if (error) return self->abort();
    self->broken_ = !self->session_.take({self->buffer_.data(), size});
    self->write();
    if (!self->broken_ && !self->closed_) self->read();
  });
}

void GrpcConnection::write() {
  if (!writing_.empty() || closed_) return;
  writing_ = session_.output();
  if (writing_.empty()) {
    if (broken_ || session_.finished()) abort();
    return;
  }
  asio::async_write(socket_, asio::buffer(writing_), [self = shared_from_this()](ErrorCode error, std::size_t) {
    self->writing_.clear();
    error ? self->abort() : self->write();
  });
}

void GrpcServer::Core::accept(const std::shared_ptr<Core>& core) {
  core->acceptor.async_accept(core->strand, [core](ErrorCode error, Socket socket) {
    if (core->stopping) return;
    if (error) {
      core->pause.expires_after(accept_pause);
      return core->pause.async_wait([core](ErrorCode cancelled) {
        if (!cancelled && !core->stopping) accept(core);
      });
    }
    ErrorCode gone;
    const Tcp::endpoint from = socket.remote_endpoint(gone);
    if (auto pass = core->gate.enter(); pass && !gone)
      std::make_shared<GrpcConnection>(core, std::move(socket), std::move(*pass),
                                       Peer{.address = from.address().to_string(), .port = from.port(), .loopback = is_loopback(from.address())})->start();
    accept(core);
  });
}

GrpcServer::GrpcServer(std::shared_ptr<Core> core) : core_(std::move(core)) {}

Result<std::unique_ptr<GrpcServer>> GrpcServer::start(GrpcConfig config, Router router) {
  CHECK(config.guard != nullptr);
  auto core = std::make_shared<Core>(std::move(config), std::move(router));
  const auto at = listen_on(core->acceptor, core->config.listen);
  if (!at) return std::unexpected(at.error());
  core->address = print(*at);
  core->port = at->port();
  core->work.emplace(core->io.get_executor());
  asio::post(core->strand, [core] { Core::accept(core); });
  core->thread = Thread("grpc", [io = &core->io](std::stop_token) { io->run(); });
  return std::unique_ptr<GrpcServer>(new GrpcServer(std::move(core)));
}

GrpcServer::~GrpcServer() { stop(); }

const std::string& GrpcServer::address() const { return core_->address; }

void GrpcServer::stop(Duration patience) {
  if (core_->stopped) return;
  core_->stopped = true;
  core_->gate.close();
  const auto tell_all = [this](void (GrpcConnection::*what)()) {
    asio::post(core_->strand, [core = core_, what] {
      core->stopping = true;
      ErrorCode ignored;
      core->acceptor.close(ignored);
      core->pause.cancel();
      for (GrpcConnection* connection : std::set(core->open)) ((*connection).*what)();
    });
  };
  tell_all(&GrpcConnection::drain);
  if (!core_->gate.wait_empty(patience)) {
    tell_all(&GrpcConnection::abort);
    core_->gate.wait_empty(std::chrono::seconds(1));
  }
  core_->work.reset();
  core_->io.stop();
  core_->thread.join();
  // What is still queued holds connections, which hold the context: run it dry here, alone.
  core_->io.restart();
  while (core_->io.poll() > 0) {
  }
}

}  // namespace aybiza::net
