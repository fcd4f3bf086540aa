#include "spool/verify.h"

#include "base/limits.h"
#include "spool/recovery.h"
#include "spool/segment_set.h"

namespace aybiza::spool {

Result<Report> verify(Fs& fs, const std::string& directory) {
  const auto format = read_format(fs, directory);
  if (!format) return std::unexpected(format.error());
  auto listing = list_segments(fs, directory, *format ? (*format)->node : Id{});
  if (!listing) return wrap(listing.error(), "verifying");
  Report report;
  report.node = listing->node;
  report.segments = listing->segments.size();
  const auto quarantined = quarantined_events(fs, directory);
  if (!quarantined) return std::unexpected(quarantined.error());
  report.quarantined_events = *quarantined;
  for (const auto& segment : listing->segments) {
    if (!segment->header_damaged) continue;
    ++report.damaged_headers;
    report.findings.push_back(fmt::format("{}: header damaged", segment->path));
  }
  LogWalk walk(fs, walk_list(listing->segments), 0, Offset{});
  while (true) {
    const auto step = walk.step();
    if (!step) return std::unexpected(step.error());
    if (step->kind == Step::Kind::end) break;
    if (step->kind == Step::Kind::record) {
      if (report.first.value == 0) report.first = step->record.first;
      report.last = {step->record.end().value - 1};
      ++report.records;
      report.events += step->record.count();
      report.bytes += step->record.length;
      continue;
    }
    const Gap& gap = step->gap;
    ++report.bad_regions;
    (gap.torn ? report.torn_events : report.lost_events) += gap.events;
    if (report.findings.size() < limits::spool_findings) {
      report.findings.push_back(fmt::format("{}: {} bytes at {}: {} events from offset {} {}", gap.segment->path, gap.bytes,
                                            gap.position, gap.events, gap.first.value,
                                            gap.torn ? "torn, never acknowledged" : "lost"));
    }
  }
  if (walk.segment()) {
    const auto torn = torn_bytes(fs, *walk.segment(), walk.scan()->position());
    if (!torn) return std::unexpected(torn.error());
    report.torn_bytes = *torn;
  }
  return report;
}

std::string to_text(const Report& report) {
  std::string text = fmt::format(
      "node                {}\nsegments            {}\ndamaged headers     {}\nrecords             {}\nevents              {}\n"
      "offsets             {}..{}\nrecord bytes        {}\nbad regions         {}\nlost events         {}\n"
      "torn events         {}\ntorn bytes at end   {}\nquarantined events  {}\n",
      to_string(report.node), report.segments, report.damaged_headers, report.records, report.events, report.first.value,
      report.last.value, report.bytes, report.bad_regions, report.lost_events, report.torn_events, report.torn_bytes,
      report.quarantined_events);
  for (const auto& line : report.findings) text += line + "\n";
  return text;
}

}  // namespace aybiza::spool
