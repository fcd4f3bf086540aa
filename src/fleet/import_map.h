// Which column of a table becomes which member of an event, and a row as the event it stands for.
//
// Shape    a map is lines `member = column`, `member = "column" as unit` or `member = 'the same text for all'`; # begins a comment.
//          Members are type, id, time and the fields of the wire contract. Times, durations and money always say their unit.
//          Without a map, columns named like members are taken, in the contract's own units. A row without an id gets one
//          made of its content and of how many equal rows came before, so a file that is sent again counts once.
// Units    time: rfc3339, unix_s, unix_ms, unix_us; fields in ms or seconds: s, ms, us; money: usd, cents, usd_micro, usd_nano. Decimals
//          are moved exactly, never through a double.
// Errors   parse: the line, what is wrong and what would have been right; bind: a column that is not there, with those that are;
//          a row: the column and what is wrong with its value.
// Threads  an Importer by one.
// Source   events.md; docs/import.md.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "model/field.h"

namespace aybiza {

enum class ImportUnit : std::uint8_t { none, rfc3339, unix_s, unix_ms, unix_us, s, ms, us, usd, cents, usd_micro, usd_nano };

struct ImportMember {
  enum class What : std::uint8_t { type, id, time, field } what = What::field;
  std::string name;            // of the member
  Kind kind = Kind::text;      // of fields
  ImportUnit unit = ImportUnit::none;
  bool constant = false;
  std::string column;          // its name, or the constant
  std::size_t index = 0;       // of the column, once bound
};

Result<std::vector<ImportMember>> parse_import_map(std::string_view text);
// Columns named like members. invalid: none of them is type or time.
Result<std::vector<ImportMember>> own_names(const std::vector<std::string>& columns);

// A plain decimal times 10^places, exactly: ("12.5", 3) is "12500"; nullopt: no number.
std::optional<std::string> shift_decimal(std::string_view text, int places);

class Importer {
 public:
  // REQUIRES: members name columns of `columns` or constants; see bind().
  static Result<Importer> bind(std::vector<ImportMember> members, const std::vector<std::string>& columns);
  // The columns that no member takes.
  std::vector<std::string> unused(const std::vector<std::string>& columns) const;
  const std::vector<ImportMember>& members() const { return members_; }
  // One line of NDJSON. `cells` as text, empty: unknown, left out.
  Result<std::string> event(std::span<const std::string> cells);

 private:
  std::vector<ImportMember> members_;
  bool with_id_ = false;
  std::unordered_map<Id, std::uint32_t, IdHash> seen_;  // of rows without an id
};

}  // namespace aybiza
