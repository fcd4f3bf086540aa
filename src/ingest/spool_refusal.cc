#include "ingest/spool_refusal.h"

#include <algorithm>
#include <chrono>

namespace aybiza {

using namespace std::chrono_literals;
using spool::Admission;

std::string retry_seconds(Duration wait) {
  return std::to_string(std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(wait).count()));
}

AdmissionRefusal refusal_of(Admission admission) {
  switch (admission) {
    case Admission::overloaded: return {503, "overloaded", "more is waiting for the disk than it can write", 1s};
    case Admission::disk_reserve: return {503, "disk_reserve", "the disk is down to its reserve", 30s};
    case Admission::spool_full: return {503, "spool_full", "the store does not catch up with the spool", 10s};
    case Admission::read_only: return {503, "read_only", "the disk refuses writes; an operator must look", 60s};
    case Admission::closed: return {503, "closed", "the server is stopping", 5s};
    default: return {503, "malformed", "the spool does not take this request", 60s};
  }
}

net::Response response_of(const AdmissionRefusal& refusal) {
  return net::Response::error(refusal.status, refusal.reason, fmt::format("{}; nothing was taken, send it again", refusal.message))
      .with("Retry-After", retry_seconds(refusal.retry_after));
}

}  // namespace aybiza
