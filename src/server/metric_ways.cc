#include "server/metric_ways.h"

#include "net/http_server.h"

namespace aybiza {
namespace {

std::function<spool::Admission(spool::AppendRequest)> into(spool::Spool& spool) {
  return [&spool](spool::AppendRequest request) { return spool.append(std::move(request)); };
}
std::function<void(const MaskCounts&)> counting(EventsEndpoint& events) {
  return [&events](const MaskCounts& masked) { events.count_masked(masked); };
}

}  // namespace

MetricWays::MetricWays(Parts parts)
    : parts_(parts), points_(parts.clock->now()),
      remote_write_({.clock = parts.clock, .tokenizer = parts.tokenizer, .trust = parts.trust, .ledger = &parts.events->ledger(),
                     .points = &points_, .admission = {.budget = parts.budget}, .count_masked = counting(*parts.events),
                     .append = into(*parts.spool)}) {}

Status MetricWays::listen(const ServeOptions& options) {
  const bool udp = options.statsd != "off" && !options.statsd.empty();
  if (!udp && options.statsd_socket.empty()) return {};
  if (udp && !net::is_loopback_listen(options.statsd))
    return fail(Code::invalid, "--statsd {} is not a loopback address: StatsD knows no keys, so listen on 127.0.0.1 or a unix socket", options.statsd);
  if (options.statsd_gauges != "delta" && options.statsd_gauges != "absolute")
    return fail(Code::invalid, "--statsd-gauges is delta or absolute, not {}", options.statsd_gauges);
  StatsdConfig config{.listen = udp ? options.statsd : std::string(), .socket_path = options.statsd_socket, .customer = options.statsd_customer};
  config.options.signed_gauges_are_deltas = options.statsd_gauges == "delta";
  for (const std::string& text : options.statsd_templates) {
    auto one = StatsdTemplate::parse(text);
    if (!one) return std::unexpected(one.error());
    config.options.templates.push_back(std::move(*one));
  }
  config.clock = parts_.clock, config.tokenizer = parts_.tokenizer, config.ledger = &parts_.events->ledger(), config.points = &points_;
  config.sampler = parts_.sampler;
  config.count_masked = counting(*parts_.events);
  config.append = into(*parts_.spool);
  auto started = StatsdReceiver::start(std::move(config));
  if (!started) return std::unexpected(started.error());
  statsd_ = std::move(*started);
  return {};
}

void MetricWays::stop() {
  if (statsd_) statsd_->stop();
}

}  // namespace aybiza
