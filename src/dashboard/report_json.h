// A report as JSON, for the API: as it is written, and as it is read.
//
// Shape    {"name","page","to":["a@b",…] or "a@b,c@d","at":"07:30","days":"weekdays","tz":"Europe/Berlin","format":"pdf" or "png","customer":"acme"}; all but name, page and to
//          may be left out.
// Errors   invalid: names the member and what would have been.
// Threads  pure.
// Source   docs/reports.md.
#pragma once

#include <string>
#include <string_view>

#include "dashboard/report.h"

namespace aybiza::dashboard {

Result<Report> report_from_json(std::string_view json);
// With when it is next due and what became of it.
std::string report_to_json(const Report& report, const ReportState& state, Instant now);

}  // namespace aybiza::dashboard
