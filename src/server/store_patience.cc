#include "server/store_patience.h"

#include <fmt/format.h>

#include "base/limits.h"

namespace aybiza {

Answered<Duration> StorePatience::of(Instant to, const StoreLag& store, Instant now, Duration elapsed) const {
  if (store.lag <= limits::store_behind) return Duration(limits::query_timeout);
  const bool lacks = store.on_disk && to > now - store.lag;
  if (lacks || elapsed < Duration(pause_until_.load(std::memory_order_relaxed)))
    return std::unexpected(Refusal{"unavailable", "source", fmt::format("the store is {} s behind; this comes back when it has caught up", store.lag / std::chrono::seconds(1))});
  return Duration(limits::behind_timeout);
}

void StorePatience::failed(const StoreLag& store, Duration elapsed) {
  if (store.lag > limits::store_behind) pause_until_.store((elapsed + Duration(limits::behind_pause)).count(), std::memory_order_relaxed);
}

bool RepairPatience::due(const StoreLag& store, Duration elapsed) {
  const bool behind = store.on_disk || store.lag > limits::store_behind;
  if (behind && !waits_since_) waits_since_ = elapsed;
  if (behind && elapsed - *waits_since_ < Duration(limits::behind_repair_wait)) return false;
  waits_since_.reset();
  return true;
}

}  // namespace aybiza
