// Where the events of a request body begin and end, before any of them is parsed.
//
// Shape    NDJSON is cut at LF; an array, a `{"batch":[…]}` or a single object by matching brackets, so that one broken
//          event costs itself and not its neighbours. What is between the cuts is judged by the decoder.
// Errors   invalid: no such structure (nothing can be taken); too_large: more than limits::batch_events.
// Cost     one pass; lines at memchr speed.
// Threads  pure functions; any.
// Source   events.md "Request"; decisions.md 18.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace aybiza {

enum class BodyFormat : unsigned char { ndjson, json, cloudevents, cloudevents_batch };

// The format a Content-Type header names; nullopt: none that is taken (415). Parameters such as charset are ignored.
std::optional<BodyFormat> parse_media_type(std::string_view content_type);

struct Slices {
  std::vector<std::string_view> events;
  std::string_view sent_at;  // the raw JSON value beside "batch"; empty: none
};
Status split_body(BodyFormat format, std::string_view body, Slices& out);

}  // namespace aybiza
