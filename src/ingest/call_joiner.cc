#include "ingest/call_joiner.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

namespace aybiza {

CallAliases::Names spans_of(std::string_view scope) {
  return {.scope = scope, .source = "spans", .external = "*", .twilio_sid = {}, .own = {1, 1}};
}

// What it told is told again by the report that ends the elder, or by the spans; its turns, usage and duration leave the
// customer's figures with it (decisions.md 6).
void append_set_aside(EventBatch& events, const CallAliases::Call& younger, const Event& joining) {
  Event event = joining;
  event.type = EventType::call_updated;
  event.rank = Rank::final_report;
  event.call = younger.id;
  event.agent = {};
  event.customer = merged_customer;
  event.id_text = events.arena.copy(fmt::format("merged:{}", to_string(younger.id)));
  event.id = hash128(event.id_text);
  event.ext = events.arena.copy(fmt::format(R"({{"merged_by":"{}"}})", event.source));
  const auto values = events.arena.array<Value>(2);
  values[0] = {Field::customer_id, 0, merged_customer};
  values[1] = {Field::call_id, 0, events.arena.copy(younger.external)};
  event.values = values;
  events.events.push_back(event);
  events.index.push_back(std::uint32_t(events.index.size()));
  events.wire_bytes.push_back(0);
}

CallJoiner::Joined CallJoiner::join(EventBatch& events, std::span<const NamedCall> calls, std::string_view scope, Instant now) const {
  std::unordered_map<Id, CallAliases::Call> moved;
  // Names as they were masked: nothing else may come to the table.
  std::unordered_map<Id, const Event*> told;
  for (const Event& event : events.events)
    if (event.rank != Rank::carrier) told.try_emplace(event.call, &event);  // that rank only shows another name
  std::vector<std::pair<CallAliases::Call, Event>> aside;
  Joined out;
  for (const NamedCall& call : calls) {
    const auto first = told.find(call.id);
    if (first == told.end()) continue;
    const CallAliases::Names names{.scope = scope, .source = call.vendor, .external = first->second->text(Field::call_id), .twilio_sid = call.twilio_sid, .own = call.id,
                                   .stays = true};
    const CallAliases::Known known = aliases_.resolve(names, now);
    if (!call.twilio_sid.empty() && !aliases_.find(spans_of(scope))) aliases_.resolve(spans_of(scope), now);
    const std::string customer(first->second->customer);
    if (known.call != call.id) {
      moved.emplace(call.id, CallAliases::Call{known.call, known.external});
      out.calls.push_back({.customer = customer, .part = call.id, .whole = known.call});
    }
    if (known.younger) {
      aside.emplace_back(*known.younger, *first->second);
      out.calls.push_back({.customer = customer, .part = known.younger->id, .whole = known.call});
    }
  }
  for (const auto& [younger, joining] : aside) append_set_aside(events, younger, joining);
  if (moved.empty()) return out;
  for (std::size_t i = 0; i < events.events.size(); ++i) {
    const auto at = moved.find(events.events[i].call);
    if (at == moved.end()) continue;
    ++out.events;
    events.events[i].call = at->second.id;
    for (Value& value : events.values_of(i))
      if (value.field == Field::call_id) value.text = events.arena.copy(at->second.external);
  }
  return out;
}

}  // namespace aybiza
