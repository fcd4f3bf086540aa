#include "net/server_core.h"

namespace aybiza::net {
namespace {

constexpr std::string_view refusal_names[] = {
    "bad_request", "head_too_large", "head_timeout", "body_too_large", "body_timeout", "memory", "not_found", "method",
    "policy", "connections", "connections_per_address", "handler_timeout", "handler_failed", "write_timeout", "stopping"};
static_assert(std::size(refusal_names) == std::size_t(Refusal::count));

}  // namespace

HttpCounters ServerCounters::snapshot() const {
  HttpCounters out{.connections_open = connections_open, .connections_total = connections_total,
                   .websockets_open = websockets_open, .requests_total = requests_total,
                   .requests_in_flight = requests_in_flight, .bytes_in = bytes_in, .bytes_out = bytes_out,
                   .responses = {}, .refused = {}};
  for (std::size_t status = 0; status < responses.size(); ++status) {
    if (const auto count = responses[status].load()) out.responses[static_cast<int>(status)] = count;
  }
  for (std::size_t i = 0; i < refused.size(); ++i) {
    if (const auto count = refused[i].load()) out.refused[std::string(refusal_names[i])] = count;
  }
  return out;
}

Ticket::~Ticket() {
  if (!core_) return;
  core_->counters.connections_open.fetch_sub(1, std::memory_order_relaxed);
  if (core_->stopped.load()) return;  // the register is gone with the threads that own it
  asio::post(core_->registry, [core = core_, id = id_] {
    const auto at = core->open.find(id);
    if (at == core->open.end()) return;
    const auto counted = core->by_address.find(at->second.counted_address);
    if (counted != core->by_address.end() && --counted->second == 0) core->by_address.erase(counted);
    core->open.erase(at);
  });
}

void Ticket::hand_over(std::weak_ptr<Drainable> who) {
  if (!core_) return;
  asio::post(core_->registry, [core = core_, id = id_, who = std::move(who)] {
    const auto at = core->open.find(id);
    if (at == core->open.end()) return;
    at->second.who = who;
    if (!core->draining.load()) return;
    if (const auto alive = who.lock()) alive->drain();
  });
}

}  // namespace aybiza::net
