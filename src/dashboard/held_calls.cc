#include "dashboard/held_calls.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>
#include <set>
#include <tuple>

namespace aybiza::dashboard {
namespace {

std::set<Id> ids_of(std::span<const CallRow> calls) {
  std::set<Id> ids;
  for (const CallRow& call : calls) ids.insert(call.call_id);
  return ids;
}

// The order of the list (server/call_list.cc).
bool stands_before(const CallRow& a, const CallRow& b) {
  const auto place = [](const CallRow& call) { return std::tuple(call.state == CallState::active, call.start, to_string(call.call_id)); };
  return place(a) > place(b);
}

}  // namespace

std::vector<Id> not_among(const CallsPage& shown, const CallsPage& asked) {
  const std::set<Id> there = ids_of(asked.calls);
  std::vector<Id> out;
  for (const CallRow& call : shown.calls)
    if (!there.contains(call.call_id)) out.push_back(call.call_id);
  return out;
}

HeldCalls hold_calls(const CallsPage& shown, const CallsPage& asked, std::span<const CallRow> others, std::size_t exchanged, std::size_t most,
                     const std::function<std::string(const CallRow&)>& cursor_after) {
  const std::set<Id> before = ids_of(shown.calls);
  HeldCalls out;
  std::vector<CallRow>& calls = out.page.calls;
  const auto is_new = [&](const CallRow& call) { return !before.contains(call.call_id); };
  calls.assign(others.begin(), others.end());
  std::ranges::copy_if(asked.calls, std::back_inserter(calls), std::not_fn(is_new));
  std::size_t takes = std::max(exchanged, most - std::min(most, calls.size()));
  for (const CallRow& call : asked.calls) {
    if (!is_new(call)) continue;
    if (takes > 0) calls.push_back(call), --takes;
    else ++out.waiting;
  }
  out.more_waiting = out.waiting > 0 && out.waiting + exchanged >= asked.calls.size() && !asked.next.empty();
  std::ranges::sort(calls, stands_before);
  if (calls.size() > most) calls.resize(most);
  // The list as asked for and as shown, side by side: behind the last row at which they are one the next page begins.
  const auto same = [](const CallRow& a, const CallRow& b) { return a.call_id == b.call_id; };
  const auto differ = std::ranges::mismatch(asked.calls, calls, same);
  const bool some_missing = out.waiting > 0 && differ.in1 != asked.calls.begin();
  out.page.next = some_missing ? cursor_after(*std::prev(differ.in1)) : asked.next;
  return out;
}

}  // namespace aybiza::dashboard
