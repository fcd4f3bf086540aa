// Which rows a RowFilter means, as SQL that DuckDB and PostgreSQL both read.
//
// Shape    Where collects conditions with their bound parameters; no value from outside is ever pasted into a text.
//          conditions() answers nullopt where a table is left out. select_rows.h reads the rows.
// Threads  values; none.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.h"

namespace aybiza {

class Where {
 public:
  // "time >= " + "$n", bound to `param`.
  void add(std::string_view condition, Param param);
  void add(std::string_view condition);
  void add_in(std::string_view column, std::span<const Id> ids);
  std::string text() const { return text_; }  // "" or " WHERE a AND b"
  std::span<const Param> params() const { return params_; }

 private:
  std::string text_;
  std::vector<Param> params_;
};

std::string_view time_column(Table table);
Where time_range(std::string_view column, Instant from, Instant to);
// The order of rows(); {} stands for the engine's word for the order of insertion.
std::string_view order_of(Table table);
std::optional<Where> conditions(Table table, const RowFilter& filter, std::span<const Id> ids);

}  // namespace aybiza
