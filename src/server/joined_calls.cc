#include "server/joined_calls.h"

#include <algorithm>

#include "privacy/tokenizer.h"

namespace aybiza {

using namespace std::chrono_literals;

namespace {

// A token in place of digits that pass for a card, or of digits and letters that pass for an IBAN (privacy/tokenizer.h): its own
// characters, and of how many it stands.
struct Hidden {
  std::string_view start;
  std::size_t size, least, most;
};
constexpr Hidden hidden[] = {{"pan_", 33, 13, 19}, {"idn_", 30, 16, 24}};  // of countries of whose letters both are hexadecimal: BE to AD

// Sixteen bytes in hexadecimal as the way in has left them: of a thousand traces drawn at random one has digits that pass for somebody's.
bool is_trace(std::string_view text) {
  std::size_t least = 0, most = 0;
  while (!text.empty()) {
    const char c = text.front();
    const auto token = std::ranges::find_if(hidden, [&](const Hidden& one) { return text.starts_with(one.start) && is_token(text.substr(0, one.size)); });
    const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (!digit && token == std::end(hidden)) return false;
    least += digit ? 1 : token->least, most += digit ? 1 : token->most;
    text.remove_prefix(digit ? 1 : token->size);
  }
  return least <= 32 && 32 <= most;
}

}  // namespace

bool may_be_part(const Event& event) { return event.source == joinable_source && is_trace(event.text(Field::call_id)); }

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
