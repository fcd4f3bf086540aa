#include "server/export_stream.h"

#include "base/limits.h"

namespace aybiza {
namespace {

// Lives in the ChunkSource: when the network lets go of the source, the client is gone.
struct Watch {
  std::function<void()> left;
  explicit Watch(std::function<void()> l) : left(std::move(l)) {}
  Watch(const Watch&) = delete;
  ~Watch() { left(); }
};

}  // namespace

net::ChunkSource ExportStream::source() {
  auto self = shared_from_this();
  auto watch = std::make_shared<Watch>([self] {
    std::lock_guard lock(self->mutex_);
    self->gone_ = true;
    self->asked_.notify_all();
  });
  return [self, watch](net::ChunkReady ready) {
    std::lock_guard lock(self->mutex_);
    self->ready_.emplace(std::move(ready));
    self->asked_.notify_all();
  };
}

std::optional<net::ChunkReady> ExportStream::wait_for_client() {
  std::unique_lock lock(mutex_);
  asked_.wait_for(lock, limits::http_write_timeout, [&] { return gone_ || ready_.has_value(); });
  if (!ready_) return std::nullopt;
  std::optional<net::ChunkReady> taken(std::move(*ready_));
  ready_.reset();
  return taken;
}

Status ExportStream::push(std::string_view bytes) {
  if (bytes.empty()) return {};  // an empty chunk would end the body
  auto ready = wait_for_client();
  if (!ready || ready->client_gone()) return fail(Code::unavailable, "the client left");
  (*ready)(std::string(bytes));
  return {};
}

bool ExportStream::gone() const {
  const std::lock_guard lock(mutex_);
  return gone_;
}

void ExportStream::finish(Status result) {
  auto ready = wait_for_client();
  if (!ready) return;
  if (result) (*ready)(std::string());
  else (*ready)(std::unexpected(result.error()));
}

}  // namespace aybiza
