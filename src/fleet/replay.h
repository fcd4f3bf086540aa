// Files of events sent again: at their own pace, faster, or as fast as the server takes them.
//
// Shape    NDJSON lines in the wire contract, plain or gzip. `shift` moves every time of the file by one amount, so
//          that its last event happens now; `salt` is appended to the ids of events and calls, so that a file can be
//          replayed twice and count twice.
// Errors   a file that cannot be read, or a line without a time: invalid, with the line's number.
// Threads  pure but for reading the file.
// Source   decisions.md 29.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/units.h"

namespace aybiza {

struct ReplayLine {
  Instant time{};    // after the shift
  std::string line;  // as it is sent
};

struct ReplayOptions {
  std::optional<Instant> last_event_at;  // --shift now: where the file's last event comes to lie
  std::string salt;                      // empty: ids stay as they are
};

// All lines, in time order.
Result<std::vector<ReplayLine>> load_replay(const std::filesystem::path& file, const ReplayOptions& options);

// One line with its times moved by `shift` and `salt` appended to id and call_id; nullopt: no JSON object with a time.
std::optional<ReplayLine> rewrite_line(std::string_view line, Duration shift, std::string_view salt);

}  // namespace aybiza
