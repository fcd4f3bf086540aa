// The state of a page that lives in its address: filters, range, zone, refresh. What a link carries and the back button
// restores.
//
// Shape    from a Uri to Filters and back; parameters at their default are left out, so "/" is the plain page. An address without range or
//          zone has those its reader prefers, so links write them down wherever they differ from the program's own default or from the reader's.
// Errors   a value that is not understood counts as absent: a link from elsewhere never breaks a page.
// Threads  values; none.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/units.h"
#include "dashboard/texts.h"
#include "liveview/form.h"

namespace aybiza::dashboard {

enum class Refresh : unsigned char { live, five_seconds, thirty_seconds, off };

// The tables behind pictures that their reader has opened, by name: the others are not on the page (web/js/hooks/tables.js).
using OpenTables = std::set<std::string, std::less<>>;

struct Filters {
  std::string range = "1h";
  std::optional<Instant> from, to;  // a custom range instead; `range` is what a reset leads back to
  std::string zone = "UTC";
  Refresh refresh = Refresh::live;
  bool compare = false;  // with the period before
  // Rewound: `at` was the moment shown when it was `since`; from there it goes on `speed` times as fast. Without `since` it stands still.
  std::optional<Instant> at, since;
  int speed = 1;
  std::string customer, region;
  std::string agent, outcome, state, model, cursor;  // of the calls table; agent: part of the id in the table of agents
  std::string human;                                 // of the costs: what a call costs that a person handles, USD
  std::string find, find_by;                         // of the conversations: what is looked for in turns (q=), by its words or its "meaning" (in=)
  std::string sort, by;                              // of tables by a dimension: "-cost_usd", descending; the dimension
  std::string board;                                 // of the wall: which one is shown
  std::string usual_range = "1h", usual_zone = "UTC";  // what an address means that does not say
  const Texts* texts = nullptr;                        // the language of whoever reads it; null: English
  const OpenTables* tables = nullptr;                  // null: a page without scripts, which has them all

  bool custom() const { return from && to; }
  Instant moment(Instant now) const;  // what is now on the page; never after `now`
  friend bool operator==(const Filters&, const Filters&) = default;
};

inline bool table_open(const Filters& filters, std::string_view name) { return !filters.tables || filters.tables->contains(name); }

inline constexpr std::string_view ranges[] = {"5m", "15m", "1h", "24h", "7d", "30d"};
inline constexpr int speeds[] = {1, 5, 20, 60};
const Texts& texts_of(const Filters& filters);
std::string_view range_label(std::string_view range);  // "24 h"
std::string_view to_string(Refresh refresh);           // live, 5s, 30s, off

Filters filters_from(const liveview::Form& query, const std::string& usual_range = "1h", const std::string& usual_zone = "UTC");
// "/calls?customer=acme". A filter of one page's table goes only to paths of that page.
std::string address(std::string_view path, const Filters& filters);
// What a form with these inputs makes of the filters: absent inputs keep, empty ones clear.
Filters changed_by(const Filters& filters, const liveview::Form& form);

}  // namespace aybiza::dashboard
