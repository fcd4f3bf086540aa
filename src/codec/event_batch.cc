#include "codec/event_batch.h"

#include <numeric>

#include "base/limits.h"

namespace aybiza {

std::string_view to_string(RejectReason reason) {
  static constexpr std::array<std::string_view, reject_reason_count> names = {
      "invalid_json", "invalid_utf8", "invalid_type",     "missing_field",     "invalid_time",
      "out_of_range", "unknown_word", "too_large", "forbidden_customer"};
  return names[std::size_t(reason)];
}

std::size_t EventBatch::rejected_total() const {
  return std::accumulate(rejected.begin(), rejected.end(), std::size_t(0));
}

void EventBatch::reject(RejectReason reason, const EventError& error) {
  ++rejected[std::size_t(reason)];
  if (errors.size() >= limits::batch_errors_reported) return;
  errors.push_back({.index = error.index,
                    .id = arena.copy(error.id),
                    .code = to_string(reason),
                    .field = arena.copy(error.field),
                    .message = arena.copy(error.message)});
}

std::span<Value> EventBatch::values_of(std::size_t at) {
  // Made by this batch's arena as mutable Values; only readers of an Event see them const.
  const std::span<const Value> values = events[at].values;
  return {const_cast<Value*>(values.data()), values.size()};
}

void EventBatch::clear() {
  body.clear();
  arena.clear();
  events.clear();
  index.clear();
  wire_bytes.clear();
  errors.clear();
  rejected = {};
  shift = {};
}

}  // namespace aybiza
