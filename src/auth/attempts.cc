#include "auth/attempts.h"

#include <algorithm>

#include "auth/sign_in_limits.h"

namespace aybiza::auth {

Duration Attempts::wait_of(const std::string& key, Instant now) {
  const std::lock_guard lock(mutex_);
  const auto at = windows_.find(key);
  if (at == windows_.end()) return Duration(0);
  const Duration left = at->second.began + Duration(limits::sign_in_window) - now;
  if (left <= Duration(0)) return windows_.erase(at), Duration(0);
  return at->second.failures < limits::sign_in_failures ? Duration(0) : left;
}

void Attempts::failed(const std::string& key, Instant now) {
  const std::lock_guard lock(mutex_);
  auto at = windows_.find(key);
  if (at == windows_.end() && windows_.size() >= limits::sign_in_watched)
    windows_.erase(std::ranges::min_element(windows_, {}, [](const auto& one) { return one.second.began; }));
  Window& window = windows_[key];
  if (window.failures == 0 || now >= window.began + Duration(limits::sign_in_window)) window = {now, 0};
  ++window.failures;
}

void Attempts::succeeded(const std::string& key) {
  const std::lock_guard lock(mutex_);
  windows_.erase(key);
}

}  // namespace aybiza::auth
