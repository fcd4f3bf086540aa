// What a request body became: the events that passed every check, and the refusals of the rest.
//
// Shape    owns the body and an arena; every text of its events views one of the two. Reused by clear().
// Errors   reject() counts each refusal by reason and keeps the first `limits::batch_errors_reported` with their texts.
// Threads  none: owned by one request. Moved, never copied: its views point into it.
// Source   events.md "Answer", "Checks"; decisions.md 17, 18.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "codec/arena.h"
#include "model/event.h"

namespace aybiza {

enum class RejectReason : std::uint8_t {
  invalid_json, invalid_utf8, invalid_type, missing_field, invalid_time, out_of_range, unknown_word, too_large,
  forbidden_customer,
};
inline constexpr std::size_t reject_reason_count = std::size_t(RejectReason::forbidden_customer) + 1;
std::string_view to_string(RejectReason reason);

using RejectCounts = std::array<std::uint64_t, reject_reason_count>;

struct EventBatch {
  // The parser reads whole vectors, so that many bytes past the end of the text must be readable.
  static constexpr std::size_t padding = 64;

  EventBatch() = default;
  EventBatch(EventBatch&&) = default;
  EventBatch& operator=(EventBatch&&) = default;

  std::string body;                       // the text and `padding` zeros
  Arena arena;
  std::vector<Event> events;
  std::vector<std::uint32_t> index;       // events[i] was the index[i]-th of the request
  std::vector<std::uint32_t> wire_bytes;  // and had so many bytes there
  std::vector<EventError> errors;
  RejectCounts rejected{};
  Duration shift{};                       // sent_at skew, already added to every time of the events

  std::size_t rejected_total() const;
  std::size_t offered() const { return events.size() + rejected_total(); }
  void reject(RejectReason reason, const EventError& error);
  // The values of event `at`, to be rewritten by masking. The arena they live in belongs to this batch.
  std::span<Value> values_of(std::size_t at);
  void clear();
};

}  // namespace aybiza
