// What all connections of one server share: settings, counters, and the register of who is connected.
//
// Shape    a connection holds a Ticket; while it does, it is counted, and drain and abort reach it.
// Threads  the register belongs to `registry` and is touched nowhere else. Counters are atomic. Settings are immutable
//          after start.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/asio.h"
#include "net/http_server.h"
#include "runtime/gate.h"

namespace aybiza::net {

enum class Refusal : std::size_t {
  bad_request, head_too_large, head_timeout, body_too_large, body_timeout, memory, not_found, method, policy,
  connections, connections_per_address, handler_timeout, handler_failed, write_timeout, stopping, count
};

struct ServerCounters {
  std::atomic<std::uint64_t> connections_open{0}, connections_total{0}, websockets_open{0}, requests_total{0},
      requests_in_flight{0}, bytes_in{0}, bytes_out{0};
  std::array<std::atomic<std::uint64_t>, 600> responses{};
  std::array<std::atomic<std::uint64_t>, std::size_t(Refusal::count)> refused{};

  void refuse(Refusal reason) { refused[std::size_t(reason)].fetch_add(1, std::memory_order_relaxed); }
  HttpCounters snapshot() const;
};

// A connection as the server sees it. Both functions may be called from any thread.
class Drainable {
 public:
  virtual ~Drainable() = default;
  virtual void drain() = 0;  // finish what is in flight, then close
  virtual void abort() = 0;  // close now
};

class ServerCore : public std::enable_shared_from_this<ServerCore> {
 public:
  ServerCore(HttpConfig settings, Router table)
      : config(std::move(settings)), router(std::move(table)), io(static_cast<int>(config.threads)),
        registry(asio::make_strand(io)) {}

  HttpConfig config;
  Router router;
  ServerCounters counters;
  std::atomic<bool> draining{false}, stopped{false};
  Gate gate;
  asio::io_context io;
  Strand registry;

  struct Entry {
    std::weak_ptr<Drainable> who;
    std::string counted_address;  // empty: loopback is not counted
  };
  std::unordered_map<std::uint64_t, Entry> open;             // registry only
  std::unordered_map<std::string, std::size_t> by_address;  // registry only
  std::uint64_t next_id = 1;                                 // registry only
};

// Being connected. Gives the place back when destroyed, on whatever thread.
class Ticket {
 public:
  Ticket() = default;
  Ticket(std::shared_ptr<ServerCore> core, Gate::Pass pass, std::uint64_t id)
      : core_(std::move(core)), pass_(std::move(pass)), id_(id) {}
  Ticket(Ticket&& other) noexcept = default;
  Ticket& operator=(Ticket&& other) noexcept {
    std::swap(core_, other.core_);
    std::swap(pass_, other.pass_);
    std::swap(id_, other.id_);
    return *this;
  }
  ~Ticket();

  // From now on drain and abort go to `who`; at once, when the server is draining already.
  void hand_over(std::weak_ptr<Drainable> who);

 private:
  std::shared_ptr<ServerCore> core_;
  std::optional<Gate::Pass> pass_;
  std::uint64_t id_ = 0;
};

}  // namespace aybiza::net
