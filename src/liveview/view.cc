#include "liveview/view.h"

#include <algorithm>

#include "base/limits.h"

namespace aybiza::liveview {

void Context::push_event(std::string_view name, std::string json, bool before_patch) {
  if (events_.size() == limits::liveview_events_pending) {
    // The reader is too slow for events that must not be lost: it starts again from a fresh page.
    throw TreeError(fmt::format("more than {} events pending; '{}' does not fit", events_.size(), name));
  }
  events_.push_back({std::string(name), std::move(json), "", before_patch, false});
}

void Context::push_latest(std::string_view name, std::string_view key, std::string json) {
  const auto same = [&](const Pushed& event) { return event.replaceable && event.name == name && event.key == key; };
  if (const auto at = std::ranges::find_if(events_, same); at != events_.end()) {
    at->json = std::move(json);
    return;
  }
  push_event(name, std::move(json));
  events_.back().key = key;
  events_.back().replaceable = true;
}

void Context::navigate(Go go, std::string_view to, Address how) { navigation_ = {go, std::string(to), how}; }

void Context::push_patch(std::string_view to, Address how) {
  if (!is_local(to)) throw TreeError(fmt::format("push_patch to '{}', which is not a path of this site", to));
  navigate(Go::patch, to, how);
}

void Context::push_navigate(std::string_view to, Address how) {
  if (!is_local(to)) throw TreeError(fmt::format("push_navigate to '{}', which is not a path of this site", to));
  navigate(Go::navigate, to, how);
}

void Context::redirect(std::string_view to) {
  if (!is_local(to)) throw TreeError(fmt::format("redirect to '{}', which is not a path of this site", to));
  navigate(Go::redirect, to, Address::push);
}

void Context::redirect_away(std::string_view url) { navigate(Go::redirect, url, Address::push); }

void Context::tick_every(Duration period) {
  tick_period_ = period;
  tick_due_ = now_ + period;
}

void Context::clear_flash(std::string_view kind) {
  if (kind.empty()) {
    flash_.clear();
  } else if (const auto at = flash_.find(kind); at != flash_.end()) {
    flash_.erase(at);
  }
}

std::string_view Context::flash(std::string_view kind) const {
  const auto at = flash_.find(kind);
  return at == flash_.end() ? std::string_view() : std::string_view(at->second);
}

}  // namespace aybiza::liveview
