// The columns the table of calls can have, and which of them somebody wants.
//
// Shape    one list, in the order they stand in. When the call began stands before them all: it is the row's link and always there. A choice is a list
//          of names, which may be empty; no choice is the program's own.
// Units    cells are as people read them (show.h); what nobody told is a dash.
// Threads  pure.
// Source   interface.md "Calls": columns to choose.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dashboard/address.h"
#include "dashboard/texts.h"
#include "liveview/html.h"
#include "model/rows.h"

namespace aybiza::dashboard {

struct CallRowLook {
  const Texts& texts;
  Instant now{};         // until when a call in progress has lasted
};

struct CallColumn {
  std::string_view name;   // of the preference and the form
  std::string_view title;  // the text's key
  bool figure = false;     // right-aligned, in tabular figures
  bool shown = true;       // unless somebody chose otherwise
  liveview::Node (*cell)(const CallRow& call, const CallRowLook& look) = nullptr;
};
std::span<const CallColumn> call_columns();
bool outcome_is_bad(std::string_view call_outcome);  // it failed, broke off or ran out of time

using ChosenColumns = std::optional<std::vector<std::string>>;
// Names of columns, each once, in their order; the program's own are no choice.
ChosenColumns checked_columns(const ChosenColumns& wanted);
std::vector<const CallColumn*> columns_of(const ChosenColumns& chosen);

}  // namespace aybiza::dashboard
