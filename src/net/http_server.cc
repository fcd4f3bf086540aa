#include "net/http_server.h"

#include <fmt/format.h>

#include <boost/asio/executor_work_guard.hpp>
#include <deque>

#include "net/asio.h"
#include "net/connection.h"
#include "net/listen_address.h"
#include "net/server_core.h"
#include "runtime/thread.h"

namespace aybiza::net {
namespace {

constexpr std::size_t refusals_at_once = 64;  // connections over the limit that are told so; more are just closed
constexpr auto accept_pause = std::chrono::milliseconds(100);  // when the process is out of descriptors

// One listening socket. Lives on the registry strand.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  explicit Listener(std::shared_ptr<ServerCore> core)
      : core_(std::move(core)), acceptor_(core_->registry), pause_(core_->registry) {}

  Result<std::string> open(const std::string& listen) {
    const auto at = listen_on(acceptor_, listen);
    if (!at) return std::unexpected(at.error());
    port_ = at->port();
    return print(*at);
  }

  void accept() {
    acceptor_.async_accept(asio::make_strand(core_->io), [self = shared_from_this()](ErrorCode error, Socket socket) {
      if (self->core_->draining.load()) return;
      if (error) return self->accept_later();
      self->admit(std::move(socket));
      self->accept();
    });
  }

  void close() {
    ErrorCode ignored;
    acceptor_.close(ignored);
    pause_.cancel();
  }

 private:
  void accept_later() {
    pause_.expires_after(accept_pause);
    pause_.async_wait([self = shared_from_this()](ErrorCode error) {
      if (!error && !self->core_->draining.load()) self->accept();
    });
  }

  void admit(Socket socket) {
    ErrorCode error;
    const Tcp::endpoint from = socket.remote_endpoint(error);
    auto pass = core_->gate.enter();
    if (error || !pass) return;
    Peer peer{.address = from.address().to_string(), .port = from.port(), .loopback = is_loopback(from.address())};
    const auto& limits = core_->config.limits;
    const std::string counted = peer.loopback ? std::string() : peer.address;
    std::optional<Refusal> refused;
    if (core_->open.size() >= limits.connections) refused = Refusal::connections;
    const auto same = core_->by_address.find(counted);
    if (same != core_->by_address.end() && same->second >= limits.connections_per_address) {
      refused = Refusal::connections_per_address;
    }
    if (refused && core_->open.size() >= limits.connections + refusals_at_once) {
      return core_->counters.refuse(*refused);
    }
    const std::uint64_t id = core_->next_id++;
    if (!counted.empty()) ++core_->by_address[counted];
    core_->counters.connections_open.fetch_add(1, std::memory_order_relaxed);
    core_->counters.connections_total.fetch_add(1, std::memory_order_relaxed);
    core_->open.emplace(id, ServerCore::Entry{.who = {}, .counted_address = counted});
    auto connection = std::make_shared<Connection>(core_, std::move(socket), Ticket(core_, std::move(*pass), id),
                                                   std::move(peer), port_);
    core_->open[id].who = connection;
    refused ? connection->refuse_and_close(*refused) : connection->start();
  }

  const std::shared_ptr<ServerCore> core_;
  Acceptor acceptor_;
  Timer pause_;
  std::uint16_t port_ = 0;
};

}  // namespace

struct HttpServer::Core {
  std::shared_ptr<ServerCore> shared;
  std::vector<std::shared_ptr<Listener>> listeners;
  std::vector<std::string> addresses;
  std::uint16_t port = 0;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work;
  std::deque<Thread> threads;
};

HttpServer::HttpServer(std::shared_ptr<Core> core) : core_(std::move(core)) {}

Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpConfig config, Router router) {
  if (config.listen.empty()) return fail(Code::invalid, "no address to listen on");
  if (config.threads == 0) return fail(Code::invalid, "the server needs a thread");
  auto core = std::make_shared<Core>();
  core->shared = std::make_shared<ServerCore>(std::move(config), std::move(router));
  for (const std::string& listen : core->shared->config.listen) {
    auto listener = std::make_shared<Listener>(core->shared);
    auto address = listener->open(listen);
    if (!address) return std::unexpected(address.error());
    if (core->addresses.empty()) core->port = parse_listen(*address)->port();
    core->addresses.push_back(std::move(*address));
    core->listeners.push_back(std::move(listener));
  }
  for (auto& listener : core->listeners) asio::post(core->shared->registry, [listener] { listener->accept(); });
  core->work.emplace(core->shared->io.get_executor());
  for (unsigned i = 0; i < core->shared->config.threads; ++i) {
    core->threads.emplace_back(fmt::format("http-{}", i), [shared = core->shared](std::stop_token) { shared->io.run(); });
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(core)));
}

HttpServer::~HttpServer() { stop(); }

const std::vector<std::string>& HttpServer::addresses() const { return core_->addresses; }
std::uint16_t HttpServer::port() const { return core_->port; }
HttpCounters HttpServer::counters() const { return core_->shared->counters.snapshot(); }

void HttpServer::stop(Duration patience) {
  ServerCore& shared = *core_->shared;
  if (shared.stopped.load()) return;
  shared.draining.store(true);
  shared.gate.close();
  auto tell_all = [&](void (Drainable::*what)()) {
    asio::post(shared.registry, [core = core_, what] {
      for (auto& listener : core->listeners) listener->close();
      for (auto& [id, entry] : core->shared->open) {
        if (const auto who = entry.who.lock()) ((*who).*what)();
      }
    });
  };
  tell_all(&Drainable::drain);
  if (!shared.gate.wait_empty(patience)) {
    tell_all(&Drainable::abort);
    shared.gate.wait_empty(std::chrono::seconds(1));
  }
  shared.stopped.store(true);
  core_->work.reset();
  shared.io.stop();
  for (Thread& thread : core_->threads) thread.join();
  // What is still queued holds connections, which hold the context: run it dry here, alone.
  shared.io.restart();
  while (shared.io.poll() > 0) {
  }
  core_->listeners.clear();
}

bool is_loopback_listen(std::string_view listen) {
  const auto at = parse_listen(listen);
  return at && is_loopback(at->address());
}

}  // namespace aybiza::net
