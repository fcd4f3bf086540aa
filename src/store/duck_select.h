// Rows of the tables back as the structs they were written from.
//
// Shape    select_rows() answers a RowFilter table by table inside the caller's transaction. Where collects conditions
//          with their bound parameters; no value is ever pasted into a text.
// Errors   too_large beyond limits::store_rows_max rows in all.
// Threads  as the connection.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/duck.h"
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
Result<RowBatch> select_rows(DuckConnection& connection, const RowFilter& filter, const std::string& node);
// Calls, turns and usage of these calls.
Result<RowBatch> select_calls(DuckConnection& connection, std::span<const Id> ids);

}  // namespace aybiza
