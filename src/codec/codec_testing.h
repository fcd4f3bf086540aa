// What the tests of codec/ share: one decode with its context, and a wall time that stands still.
#pragma once

#include <string>

#include "codec/event_json.h"
#include "codec/identity.h"

namespace aybiza::testing {

inline const Instant test_now = *parse_rfc3339("2026-11-21T10:00:00Z");

struct Decoded {
  EventBatch batch;
  Status status;
  std::string code(std::size_t at = 0) const {
    return at < batch.errors.size() ? std::string(batch.errors[at].code) : "";
  }
  std::string field(std::size_t at = 0) const {
    return at < batch.errors.size() ? std::string(batch.errors[at].field) : "";
  }
};

inline Decoded decode(std::string_view body, BodyFormat format = BodyFormat::ndjson, std::string_view customer = "") {
  Decoded out;
  JsonDecoder decoder;
  out.status = decoder.decode(format, std::string(body),
                              {.customer = customer, .source = "key-1", .received = test_now}, out.batch);
  if (out.status) Identity().assign(out.batch, customer);
  return out;
}

// An event of `type` whose data is `members`.
inline std::string event_text(std::string_view type, std::string_view members, std::string_view extra = "") {
  return fmt::format(R"({{"type":"{}","time":"2026-11-21T09:00:00Z"{},"data":{{{}}}}})", type, extra, members);
}

}  // namespace aybiza::testing
