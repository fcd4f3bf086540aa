#include "dashboard/page_pass.h"

#include "base/limits.h"

namespace aybiza::dashboard {

std::string PagePasses::grant(PagePass pass, Instant now, Instant until) {
  std::string token = auth::random_base62(43);
  const std::lock_guard lock(mutex_);
  std::erase_if(granted_, [&](const auto& one) { return one.second.until <= now; });
  if (granted_.size() >= passes_most) return {};
  granted_.emplace(auth::digest_of(token), Granted{std::make_shared<const PagePass>(std::move(pass)), until});
  return token;
}

void PagePasses::end(std::string_view token) {
  const std::lock_guard lock(mutex_);
  granted_.erase(auth::digest_of(token));
}

PassPtr PagePasses::find(std::string_view token, Instant now) const {
  if (token.empty() || token.size() > limits::id_bytes) return nullptr;
  PassPtr found;
  {
    const std::lock_guard lock(mutex_);
    const auto at = granted_.find(auth::digest_of(token));  // of a digest: how long it takes says nothing of the token
    if (at == granted_.end() || now >= at->second.until) return nullptr;
    found = at->second.pass;
  }
  return found->still && !found->still() ? nullptr : found;
}

}  // namespace aybiza::dashboard
