// One event as the rest of the program sees it, whatever format it came in.
//
// Shape    an envelope and a sparse list of field values, sorted by Field, each at most once. Texts are views into the
//          batch's bytes (EventBatch) or into the spool record; an Event owns nothing.
// Errors   an Event that exists has passed every check of events.md; codecs answer an EventError instead of making one.
// Threads  values; the bytes they view must outlive them.
// Source   events.md "Envelope"; decisions.md 6 (rank), 13, 14.
#pragma once

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

#include "base/ids.h"
#include "base/units.h"
#include "model/field.h"

namespace aybiza {

struct Value {
  Field field{};
  std::int64_t number = 0;    // is_number(kind), and the index of a word
  std::string_view text = {}; // label, phone, word, text, json, vector
};

// Which source may overwrite which (decisions.md 6, ingest-formats.md 0.5): the greater wins, a tie goes to the later
// event time, then to the greater id.
enum class Rank : std::uint8_t { carrier = 1, span = 2, live = 3, analysis = 4, final_report = 5 };

constexpr Rank native_rank(EventType type) {
  return type == EventType::call_ended || type == EventType::call_rated ? Rank::final_report : Rank::live;
}

struct Event {
  EventType type = EventType::other;
  Rank rank = Rank::live;
  Instant time{};                 // when it happened
  Id id{};                        // identity for deduplication: hash of scope, source and id (or content)
  Id call{};                      // empty when the event belongs to no call
  Id agent{};                     // empty when it names no agent
  std::string_view scope;         // customer of the key, or "platform": the namespace of external ids
  std::string_view customer;      // the tenant; empty: a platform event whose call will tell
  std::string_view source;
  std::string_view id_text;       // as sent (tokenised if it was personal); may be empty
  std::string_view type_text;     // only for EventType::other
  std::span<const Value> values;  // sorted by field
  std::string_view ext;           // unknown members as one JSON object; empty when there are none

  const Value* find(Field field) const {
    const auto at = std::lower_bound(values.begin(), values.end(), field,
                                     [](const Value& v, Field f) { return v.field < f; });
    return at != values.end() && at->field == field ? &*at : nullptr;
  }
  std::string_view text(Field field) const {
    const Value* value = find(field);
    return value ? value->text : std::string_view{};
  }
  std::optional<std::int64_t> number(Field field) const {
    const Value* value = find(field);
    return value ? std::optional(value->number) : std::nullopt;
  }
};

// An event "call.joined" says that another call, whose id is in Field::joined_call, is part of its own: all that was told of it,
// whenever, was told of its own.
inline constexpr std::string_view joined_type = "call.joined", joinable_source = "genai";  // whose events alone go over
inline std::optional<Id> joined_call(const Event& event) {
  if (event.type != EventType::other) return std::nullopt;
  const std::string_view bytes = event.text(Field::joined_call);
  Id part;
  if (bytes.size() != sizeof part.high + sizeof part.low || event.call.empty()) return std::nullopt;
  std::memcpy(&part.high, bytes.data(), sizeof part.high);
  std::memcpy(&part.low, bytes.data() + sizeof part.high, sizeof part.low);
  return part == event.call ? std::nullopt : std::optional(part);
}

// Why one event of a batch was refused: what the answer's `errors` array carries.
struct EventError {
  std::size_t index = 0;
  std::string_view id;       // may be empty
  std::string_view code;     // invalid_json, invalid_time, missing_field, invalid_type, out_of_range, unknown_word,
                             // too_large, invalid_utf8, forbidden_customer ...
  std::string_view field;    // member name, "" for the event as a whole
  std::string_view message;  // what is wrong and what would have been right
};

}  // namespace aybiza
