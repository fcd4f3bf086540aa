#include "ingest/statsd_receiver.h"

#include <fcntl.h>
#include <linux/sock_diag.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <system_error>

#include "base/check.h"
#include "base/limits.h"
#include "codec/metric_binary.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;
using spool::Admission;

constexpr std::size_t packets_at_once = 32;
constexpr int rounds_at_once = 8;  // then the clock, the flush and the other sockets have their turn
constexpr int receive_buffer_bytes = 16 << 20;
constexpr Duration batch_age = 100ms;
constexpr Duration spool_patience = 1s;
constexpr std::size_t streams_max = 256;
constexpr std::string_view source_name = "statsd";

std::string system_message() { return std::generic_category().message(errno); }

// As large as the system lets us; the kernel's buffer is what carries a stall of the disk.
void grow_buffer(int fd) {
  const int bytes = receive_buffer_bytes;
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0) ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

std::uint32_t drops_of(int fd) {
  std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
  socklen_t size = sizeof memory;
  if (::getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory.data(), &size) != 0 || size <= SK_MEMINFO_DROPS * sizeof(std::uint32_t)) return 0;
  return memory[SK_MEMINFO_DROPS];
}

}  // namespace

struct StatsdReceiver::Socket {
  enum class Role : std::uint8_t { datagrams, listener, stream };
  int fd = -1;
  Role role = Role::datagrams;
  std::string path;            // of a unix socket: removed at the end
  std::uint32_t drops = 0;     // as last read; wraps
  std::string buffer;          // of a stream: what is not yet a whole frame
  Socket(int f, Role r, std::string p = {}) : fd(f), role(r), path(std::move(p)) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (fd >= 0) ::close(fd);
    if (!path.empty()) ::unlink(path.c_str());
  }
};

// The buffers of one recvmmsg.
struct StatsdReceiver::Packets {
  std::vector<char> bytes = std::vector<char>(packets_at_once * (limits::statsd_packet_bytes + 1));
  std::array<iovec, packets_at_once> pieces{};
  std::array<mmsghdr, packets_at_once> heads{};
  Packets() {
    for (std::size_t i = 0; i < packets_at_once; ++i) {
      pieces[i] = {bytes.data() + i * (limits::statsd_packet_bytes + 1), limits::statsd_packet_bytes + 1};
      heads[i].msg_hdr.msg_iov = &pieces[i];
      heads[i].msg_hdr.msg_iovlen = 1;
    }
  }
};

StatsdReceiver::StatsdReceiver(StatsdConfig config)
    : config_(std::move(config)), packets_(std::make_unique<Packets>()), decoder_(config_.options), masker_(*config_.tokenizer) {
  decoder_.begin(batch_);
}

Result<std::unique_ptr<StatsdReceiver>> StatsdReceiver::start(StatsdConfig config) {
  CHECK(config.clock && config.tokenizer && config.ledger && config.points && config.append);
  std::unique_ptr<StatsdReceiver> receiver(new StatsdReceiver(std::move(config)));
  if (!receiver->config_.listen.empty()) AYBIZA_TRY(receiver->open_udp());
  if (!receiver->config_.socket_path.empty()) AYBIZA_TRY(receiver->open_unix());
  if (receiver->sockets_.empty()) return fail(Code::invalid, "StatsD has neither an address nor a socket to listen at");
  receiver->thread_ = Thread("statsd", [raw = receiver.get()](std::stop_token stop) { raw->serve(stop); });
  return receiver;
}

Status StatsdReceiver::open_udp() {
  const std::size_t colon = config_.listen.rfind(':');
  if (colon == std::string::npos) return fail(Code::invalid, "--statsd {} is not HOST:PORT", config_.listen);
  std::string host = config_.listen.substr(0, colon);
  const std::string port = config_.listen.substr(colon + 1);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  if (const int error = ::getaddrinfo(host.empty() ? nullptr : host.c_str(), port.c_str(), &hints, &found); error != 0)
    return fail(Code::invalid, "--statsd {}: {}", config_.listen, ::gai_strerror(error));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(found, ::freeaddrinfo);
  auto socket = std::make_unique<Socket>(::socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), Socket::Role::datagrams);
  if (socket->fd < 0) return fail(Code::io, "--statsd {}: {}", config_.listen, system_message());
  grow_buffer(socket->fd);
  if (::bind(socket->fd, found->ai_addr, found->ai_addrlen) != 0)
    return fail(Code::io, "--statsd {}: {}; choose another address with --statsd, or off", config_.listen, system_message());
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  char name[256], service[32];
  if (::getsockname(socket->fd, reinterpret_cast<sockaddr*>(&bound), &size) == 0 &&
      ::getnameinfo(reinterpret_cast<sockaddr*>(&bound), size, name, sizeof name, service, sizeof service, NI_NUMERICHOST | NI_NUMERICSERV) == 0)
    address_ = bound.ss_family == AF_INET6 ? fmt::format("[{}]:{}", name, service) : fmt::format("{}:{}", name, service);
  sockets_.push_back(std::move(socket));
  return {};
}

Status StatsdReceiver::open_unix() {
  const std::string& path = config_.socket_path;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return fail(Code::invalid, "--statsd-socket {} is longer than {} bytes", path, sizeof address.sun_path - 1);
  std::memcpy(address.sun_path, path.data(), path.size());
  // A socket that an earlier run left behind may go; anything else stays.
  struct stat there{};
  if (::lstat(path.c_str(), &there) == 0) {
    if (!S_ISSOCK(there.st_mode)) return fail(Code::conflict, "--statsd-socket {} is there and is no socket: choose another path", path);
    ::unlink(path.c_str());
  }
  const bool stream = path.ends_with(".stream");
  auto socket = std::make_unique<Socket>(::socket(AF_UNIX, (stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
                                         stream ? Socket::Role::listener : Socket::Role::datagrams);
  if (socket->fd < 0) return fail(Code::io, "--statsd-socket {}: {}", path, system_message());
  grow_buffer(socket->fd);
  if (::bind(socket->fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || (stream && ::listen(socket->fd, 64) != 0))
    return fail(Code::io, "--statsd-socket {}: {}", path, system_message());
  socket->path = path;
  sockets_.push_back(std::move(socket));
  return {};
}

StatsdReceiver::~StatsdReceiver() { stop(); }

void StatsdReceiver::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  sockets_.clear();
}

StatsdStats StatsdReceiver::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

void StatsdReceiver::serve(std::stop_token stop) {
  std::vector<pollfd> polled;
  for (;;) {
    const bool last = stop.stop_requested();  // one more look, so that what was sent before stop() is taken
    polled.clear();
    for (const auto& socket : sockets_) polled.push_back({socket->fd, POLLIN, 0});
    const auto wait = last ? 0ms : batch_.empty() ? 50ms : 10ms;
    ::poll(polled.data(), polled.size(), int(wait.count()));
    for (std::size_t i = 0; i < polled.size(); ++i) {
      if (polled[i].revents == 0) continue;
      Socket& socket = *sockets_[i];
      if (socket.role == Socket::Role::listener) {
        accept_stream(socket);
      } else {
        const bool open = socket.role == Socket::Role::stream ? read_stream(socket) : read_datagrams(socket);
        if (!open) socket.role = Socket::Role::stream, ::close(std::exchange(socket.fd, -1));
      }
    }
    std::erase_if(sockets_, [](const auto& socket) { return socket->fd < 0; });
    if (last || (!batch_.empty() && config_.clock->elapsed() - batch_began_ >= batch_age)) flush();
    count(0);
    if (last) return;
  }
}

void StatsdReceiver::take(std::string_view packet, Instant received) {
  if (batch_.empty()) batch_began_ = config_.clock->elapsed();
  decoder_.decode(packet, received);
  if (batch_.full()) flush();
}

// Datagrams never end, so this answers true.
bool StatsdReceiver::read_datagrams(Socket& socket) {
  for (int round = 0; round < rounds_at_once; ++round) {
    const int got = ::recvmmsg(socket.fd, packets_->heads.data(), packets_at_once, MSG_DONTWAIT, nullptr);
    if (got <= 0) return true;
    const Instant now = config_.clock->now();
    std::uint64_t bytes = 0, truncated = 0;
    for (std::size_t i = 0; i < std::size_t(got); ++i) {
      std::string_view packet(static_cast<const char*>(packets_->pieces[i].iov_base), packets_->heads[i].msg_len);
      bytes += packet.size();
      if ((packets_->heads[i].msg_hdr.msg_flags & MSG_TRUNC) != 0) {
        ++truncated;
        packet = packet.substr(0, packet.rfind('\n') + 1);  // the last line is not whole
      }
      take(packet, now);
    }
    {
      const std::lock_guard lock(mutex_);
      stats_.packets += std::uint64_t(got), stats_.bytes += bytes, stats_.truncated_packets += truncated;
    }
    if (std::size_t(got) < packets_at_once) return true;
  }
  return true;
}

void StatsdReceiver::accept_stream(const Socket& listener) {
  const int fd = ::accept4(listener.fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return;
  if (sockets_.size() > streams_max) ::close(fd);
  else sockets_.push_back(std::make_unique<Socket>(fd, Socket::Role::stream));
}

bool StatsdReceiver::read_stream(Socket& socket) {
  char piece[64 * 1024];
  for (int round = 0; round < rounds_at_once; ++round) {
    const ssize_t got = ::read(socket.fd, piece, sizeof piece);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    socket.buffer.append(piece, std::size_t(got));
    const Instant now = config_.clock->now();
    std::size_t at = 0, packets = 0;
    while (socket.buffer.size() - at >= 4) {
      std::uint32_t length = 0;
      std::memcpy(&length, socket.buffer.data() + at, 4);
      if (length > limits::statsd_frame_bytes) {
        const std::lock_guard lock(mutex_);
        ++stats_.broken_streams;
        return false;
      }
      if (socket.buffer.size() - at - 4 < length) break;
      take(std::string_view(socket.buffer).substr(at + 4, length), now);
      at += 4 + length;
      ++packets;
    }
    socket.buffer.erase(0, at);
    const std::lock_guard lock(mutex_);
    stats_.packets += packets, stats_.bytes += std::uint64_t(got);
  }
  return true;
}

// What was decoded since the last time, into the ledger and the figures.
void StatsdReceiver::count(std::uint64_t batches) {
  const StatsdCounts& now = decoder_.counts();
  for (std::size_t i = 0; i < now.refused.size(); ++i)
    if (const std::uint64_t refused = now.refused[i] - counted_.refused[i]; refused > 0)
      config_.points->reject(config_.customer, to_string(StatsdRefusal(i)), refused);
  counted_ = now;
  std::uint64_t dropped = 0;
  for (const auto& socket : sockets_) {
    const std::uint32_t drops = drops_of(socket->fd);
    dropped += drops - std::exchange(socket->drops, drops);  // modulo 2^32, as it wraps
  }
  const std::lock_guard lock(mutex_);
  stats_.lines = now;
  stats_.dropped_packets += dropped;
  stats_.batches += batches;
}

void StatsdReceiver::flush() {
  if (!batch_.empty()) {
    const Instant now = config_.clock->now();
    masker_.mask(batch_);
    if (config_.count_masked) config_.count_masked(masker_.take_counts());
    const std::uint64_t sampled = config_.sampler ? config_.sampler->sample(batch_, config_.customer, now) : 0, points = batch_.points.size();
    if (sampled > 0) config_.points->shed(config_.customer, "sampled", sampled);
    if (points > 0) hand_over(points, now);
    count(points > 0 ? 1 : 0);
  }
  batch_.clear();
  decoder_.begin(batch_);
}

void StatsdReceiver::hand_over(std::uint64_t points, Instant now) {
  std::string bytes;
  append_metric_event(bytes, {.scope = config_.customer, .customer = config_.customer, .source = source_name, .time = now}, batch_);
  config_.ledger->offer(LedgerSender(config_.customer, source_name, now), 1);
  config_.points->offer(config_.customer, points);
  Admission admission = append(bytes, points, now);
  for (const Duration began = config_.clock->elapsed(); admission == Admission::overloaded && config_.clock->elapsed() - began < spool_patience;) {
    ::poll(nullptr, 0, 1);
    admission = append(bytes, points, now);
  }
  if (admission != Admission::taken) {
    const std::string why(spool::reason(admission));
    config_.ledger->settle(LedgerSender(config_.customer, source_name), {.shed = {{why, 1}}});
    config_.points->settle(config_.customer, {.shed = {{why, points}}});
  }
}

Admission StatsdReceiver::append(const std::string& bytes, std::uint64_t points, Instant now) {
  spool::AppendRequest request{.customer = config_.customer, .source = config_.spool_source, .received = now};
  request.items.push_back({.id = {}, .size = std::uint32_t(bytes.size())});
  request.bytes = bytes;
  request.done = [this, points](const spool::AppendResult& result) {
    const bool written = result.status.has_value();
    config_.ledger->settle(LedgerSender(config_.customer, source_name), written ? Ledger::Outcome{.accepted = 1} : Ledger::Outcome{.shed = {{"disk", 1}}});
    config_.points->settle(config_.customer, written ? Ledger::Outcome{.accepted = points} : Ledger::Outcome{.shed = {{"disk", points}}});
  };
  return config_.append(std::move(request));
}

}  // namespace aybiza
