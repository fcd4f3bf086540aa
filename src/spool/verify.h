// Reads a whole spool directory and says what is in it, changing nothing. `aybiza verify --data DIR` prints it.
//
// Errors   unsupported, conflict, io; damage is not an error but a number in the report.
// Cost     one pass over all bytes; may run beside a server (its newest commit may then look torn).
// Threads  none.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "spool/fs.h"
#include "spool/record.h"

namespace aybiza::spool {

struct Report {
  Id node;
  std::uint64_t segments = 0, damaged_headers = 0;
  Offset first, last;  // events present; 0 when there are none
  std::uint64_t records = 0, events = 0, bytes = 0;
  std::uint64_t bad_regions = 0;         // places where records should be and are not
  std::uint64_t lost_events = 0;         // in them, acknowledged
  std::uint64_t torn_events = 0;         // in them, never acknowledged
  std::uint64_t torn_bytes = 0;          // behind the last record
  std::uint64_t quarantined_events = 0;  // set aside by servers so far
  std::vector<std::string> findings;     // one line per bad place, at most limits::spool_findings

  bool clean() const { return lost_events == 0 && bad_regions == 0 && damaged_headers == 0; }
};

Result<Report> verify(Fs& fs, const std::string& directory);
std::string to_text(const Report& report);

}  // namespace aybiza::spool
