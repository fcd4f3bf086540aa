// Which pages a picture can be taken of, and what is written around it.
//
// Errors   invalid, naming the pages there are: for an address of elsewhere, of no page, or of one that is nothing to keep.
// Threads  pure.
// Source   docs/reports.md.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "base/units.h"
#include "dashboard/address.h"
#include "dashboard/preferences.h"

namespace aybiza::dashboard {

struct PictureOf {
  std::string target;           // path and query: "/costs?range=24h"
  std::string heading, moment;  // "Brand · Costs · 24 h · UTC", "22 Nov 01:15:00 UTC"
  std::string name;             // of a file, without its ending: "costs-2026-11-22"
  std::string title;            // "Costs"
  Filters filters;
};
Result<PictureOf> picture_of(std::string_view target, const Preferences& liked, std::string_view brand, Instant now);

}  // namespace aybiza::dashboard
