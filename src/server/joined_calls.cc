#include "server/joined_calls.h"

#include <algorithm>

namespace aybiza {

using namespace std::chrono_literals;

bool may_be_part(const Event& event) {
  if (event.source != joinable_source) return false;
  const std::string_view trace = event.text(Field::call_id);
  return trace.size() == 32 && std::ranges::all_of(trace, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

void JoinedCalls::adopt(std::vector<JoinedCall> known) {
  std::ranges::sort(known, {}, &JoinedCall::offset);
  for (JoinedCall& join : known) note(std::move(join));
}

bool JoinedCalls::note(JoinedCall join) {
  const Id part = join.part;
  if (!by_part_.try_emplace(part, std::move(join)).second) return false;
  order_.push_back(part);
  if (order_.size() <= limit_) return true;
  by_part_.erase(order_.front());
  order_.pop_front();
  return true;
}

const JoinedCall* JoinedCalls::find(const Event& event) const {
  if (by_part_.empty() || event.source != joinable_source) return nullptr;
  const auto at = by_part_.find(event.call);
  return at == by_part_.end() ? nullptr : &at->second;
}

void Handover::put(std::string told) {
  {
    const std::lock_guard lock(mutex_);
    told_ = std::move(told);
  }
  came_.notify_one();
}

std::string Handover::take(const std::function<bool()>& gone) {
  std::unique_lock lock(mutex_);
  while (!came_.wait_for(lock, 100ms, [&] { return told_.has_value(); }))
    if (gone()) return {};
  return std::move(*told_);
}

}  // namespace aybiza
