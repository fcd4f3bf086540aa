// The table of a League: headers that sort, rows that lead on, figures as people read them.
//
// Shape    the sorting lives in the address ("sort=-cost_usd": descending by cost), so a header is a link that works without scripts.
// Threads  pure.
// Source   interface.md "Agents", "Costs".
#pragma once

#include <functional>
#include <span>

#include "dashboard/address.h"
#include "dashboard/definitions.h"
#include "live/league.h"
#include "liveview/html.h"

namespace aybiza::dashboard {

struct LeagueColumn {
  std::string_view measure;  // its head is the text column.<measure>
  Format format;
  bool high_first = true;  // which way the first click sorts: the worst, or the most, on top
};

// The spec's measures and order from the columns and the address; an unknown or absent sort is the first column, most first.
LeagueSpec league_spec(Dimension dimension, std::span<const LeagueColumn> columns, const Filters& filters);

// By what a table may be cut; the first is the default.
struct LeagueCut {
  Dimension dimension;
};  // its title is the text dimension.<name>, "Model"; what is counted is dimensions.<name>, "models"
std::string_view title_of(const LeagueCut& cut, const Texts& t);
std::string_view what_of(const LeagueCut& cut, const Texts& t);
const LeagueCut& cut_of(std::span<const LeagueCut> cuts, std::string_view name);  // an unknown name: the first
liveview::Node cut_links(std::span<const LeagueCut> cuts, const Filters& filters, std::string_view path);

struct LeagueInput {
  std::string_view id, caption, head, path;  // of the table; of its first column; where the headers lead
  std::span<const LeagueColumn> columns;
  const LeagueSpec& spec;
  const League* league = nullptr;            // null: still loading
  const Filters& filters;
  std::string_view what;                     // "agents"
  std::function<std::string(const std::string& name)> link;  // "" or empty: none
  std::string_view extra_head = {}, extra_title = {};        // of a column that is no measure; empty: none
  std::function<std::string(const std::string& name)> extra = nullptr;
};
liveview::Node league_table(const LeagueInput& in);

}  // namespace aybiza::dashboard
