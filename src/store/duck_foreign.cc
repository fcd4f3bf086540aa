#include "store/duck_foreign.h"

#include <algorithm>

#include "store/duck_vector.h"
#include "store/duck_write.h"

namespace aybiza {
namespace {

// As what a column comes out of the function where cells are handed over; the statement casts the rest from text.
SqlType carrier_of(std::string_view type) {
  const SqlType own = sql_type_of(type);
  return own == SqlType::floats || scale_of(own) != 0 ? SqlType::text : own;
}

bool put(VectorWriter& out, idx_t row, const Cell& cell, SqlType carrier) {
  if (is_null(cell)) return out.null(row), true;
  const auto* text = std::get_if<std::string_view>(&cell);
  switch (carrier) {
    case SqlType::boolean:
      if (const auto* flag = std::get_if<bool>(&cell)) return out.put(row, *flag), true;
      return false;
    case SqlType::integer:
      if (const auto integer = as_integer(cell)) return out.put(row, *integer), true;
      return false;
    case SqlType::real:
      if (const auto real = as_real(cell)) return out.put(row, *real), true;
      return false;
    case SqlType::time:
      if (const auto* time = std::get_if<Instant>(&cell)) return out.put(row, *time), true;
      return false;
    case SqlType::id:
      if (const auto* id = std::get_if<Id>(&cell)) return out.put(row, *id), true;
      return false;
    case SqlType::blob:
      if (const auto* blob = std::get_if<Blob>(&cell)) return out.put_text(row, blob->bytes), true;
      return false;
    default:
      if (text) return out.put_text(row, *text), true;
      if (const auto* decimal = std::get_if<Decimal>(&cell)) return out.put_text(row, to_string(*decimal)), true;
      if (const auto* integer = std::get_if<std::int64_t>(&cell)) return out.put_text(row, std::to_string(*integer)), true;
      if (const auto real = as_real(cell)) return out.put_text(row, fmt::format("{}", *real)), true;
      return false;
  }
}

}  // namespace

struct DuckForeign::Function {
  DuckForeign* owner = nullptr;
  std::vector<ForeignColumn> columns;
  OpenTyped open;

  void fail_with(const Status& status) const {
    const std::lock_guard lock(owner->mutex_);
    if (owner->done_) owner->done_ = status;
  }
};

namespace {

// Somebody's rows, cell by cell. The columns' types are their carriers.
class CellRows final : public ForeignRows {
 public:
  static Result<std::unique_ptr<ForeignRows>> open(const DuckForeign::Open& open, std::span<const ForeignColumn> columns, std::span<const ParquetColumn> declared) {
    auto out = std::make_unique<CellRows>();
    out->declared_ = declared;
    std::vector<std::string> names;
    for (const ForeignColumn& column : columns) names.push_back(column.name);
    auto rows = open(names);
    if (!rows) return std::unexpected(rows.error());
    out->rows_ = std::move(*rows);
    for (const ForeignColumn& column : columns) {
      const auto at = std::ranges::find(out->rows_->columns(), column.name);
      if (at == out->rows_->columns().end()) return fail(Code::invalid, "there is no column {}", column.name);
      out->columns_.push_back({column, std::size_t(at - out->rows_->columns().begin())});
    }
    return out;
  }

  Result<std::size_t> fill(std::span<VectorWriter> writers, std::size_t room) override {
    std::size_t count = 0;
    while (count < room && !over_) {
      if (next_ == rows_->row_count() || !begun_) {
        const auto more = rows_->next();
        if (!more) return std::unexpected(more.error());
        begun_ = true, next_ = 0, over_ = !*more;
        continue;
      }
      for (std::size_t i = 0; i < writers.size(); ++i) {
        const auto& [column, place] = columns_[i];
        if (!put(writers[i], count, rows_->cell(next_, place), column.type)) return fail(Code::unsupported, "column {} has a value that is no {}", column.name, std::ranges::find(declared_, column.name, &ParquetColumn::name)->type);
      }
      ++next_, ++count;
    }
    return count;
  }

 private:
  std::unique_ptr<Rows> rows_;
  std::span<const ParquetColumn> declared_;  // the function's
  std::vector<std::pair<ForeignColumn, std::size_t>> columns_;
  std::size_t next_ = 0;
  bool begun_ = false, over_ = false;
};

// What one scan reads from, for as long as its statement runs.
struct ForeignScan {
  std::unique_ptr<ForeignRows> rows;
  std::vector<SqlType> types;

  // An empty chunk says that there is no more.
  Status fill(duckdb_data_chunk chunk) const {
    std::vector<VectorWriter> writers;
    for (std::size_t i = 0; i < types.size(); ++i) writers.emplace_back(duckdb_data_chunk_get_vector(chunk, i), types[i]);
    const auto count = rows->fill(writers, duckdb_vector_size());
    if (!count) return std::unexpected(count.error());
    duckdb_data_chunk_set_size(chunk, *count);
    return {};
  }
};

}  // namespace

DuckForeign::DuckForeign() = default;
DuckForeign::~DuckForeign() = default;

Status DuckForeign::done() const {
  const std::lock_guard lock(mutex_);
  return done_;
}

Status DuckForeign::add(duckdb_connection connection, const char* name, std::vector<ParquetColumn> columns, Open open) {
  std::vector<ForeignColumn> carried;
  for (const ParquetColumn& column : columns) carried.push_back({column.name, carrier_of(column.type)});
  return add_typed(connection, name, std::move(carried),
                   [open = std::move(open), columns = std::move(columns)](std::span<const ForeignColumn> wanted) { return CellRows::open(open, wanted, columns); });
}

Status DuckForeign::add_typed(duckdb_connection connection, const char* name, std::vector<ForeignColumn> columns, OpenTyped open) {
  auto& made = *functions_.emplace_back(std::make_unique<Function>());
  made.owner = this, made.columns = std::move(columns), made.open = std::move(open);
  const auto bind = [](duckdb_bind_info info) {
    const auto& self = *static_cast<const Function*>(duckdb_bind_get_extra_info(info));
    for (const ForeignColumn& column : self.columns) {
      const DuckType type(make_type(column.type));
      duckdb_bind_add_result_column(info, column.name.c_str(), type.get());
    }
  };
  const auto begin = [](duckdb_init_info info) {
    const auto& self = *static_cast<const Function*>(duckdb_init_get_extra_info(info));
    duckdb_init_set_max_threads(info, 1);
    std::vector<ForeignColumn> wanted;
    auto scan = std::make_unique<ForeignScan>();
    for (idx_t i = 0; i < duckdb_init_get_column_count(info); ++i) {
      const idx_t column = duckdb_init_get_column_index(info, i);
      if (column >= self.columns.size()) continue;  // rows are only counted
      wanted.push_back(self.columns[column]);
      scan->types.push_back(self.columns[column].type);
    }
    auto rows = self.open(wanted);
    if (!rows) {
      self.fail_with(std::unexpected(rows.error()));
      return duckdb_init_set_error(info, rows.error().message.c_str());
    }
    scan->rows = std::move(*rows);
    duckdb_init_set_init_data(info, scan.release(), [](void* data) { delete static_cast<ForeignScan*>(data); });
  };
  const auto fill = [](duckdb_function_info info, duckdb_data_chunk chunk) {
    const auto& self = *static_cast<const Function*>(duckdb_function_get_extra_info(info));
    if (const Status filled = static_cast<const ForeignScan*>(duckdb_function_get_init_data(info))->fill(chunk); !filled) {
      self.fail_with(filled);
      duckdb_function_set_error(info, filled.error().message.c_str());
    }
  };
  duckdb_table_function function = duckdb_create_table_function();
  duckdb_table_function_set_name(function, name);
  duckdb_table_function_set_extra_info(function, &made, nullptr);
  duckdb_table_function_supports_projection_pushdown(function, true);
  duckdb_table_function_set_bind(function, bind);
  duckdb_table_function_set_init(function, begin);
  duckdb_table_function_set_function(function, fill);
  const duckdb_state registered = duckdb_register_table_function(connection, function);
  duckdb_destroy_table_function(&function);
  return registered == DuckDBSuccess ? Status() : fail(Code::io, "DuckDB takes no rows of {}", name);
}

SqlType sql_type_of(std::string_view type) {
  if (type == "BOOLEAN") return SqlType::boolean;
  if (type == "BIGINT" || type == "INTEGER" || type == "UBIGINT") return SqlType::integer;
  if (type == "DOUBLE") return SqlType::real;
  if (type == "TIMESTAMP WITH TIME ZONE") return SqlType::time;
  if (type == "UUID") return SqlType::id;
  if (type == "BLOB") return SqlType::blob;
  if (type == "FLOAT[]") return SqlType::floats;
  if (type == "DECIMAL(6,4)") return SqlType::score;
  if (type == "DECIMAL(9,4)") return SqlType::percent;
  if (type == "DECIMAL(18,3)") return SqlType::millis;
  if (type == "DECIMAL(18,6)") return SqlType::seconds;
  if (type == "DECIMAL(18,9)") return SqlType::money;
  return SqlType::text;
}

std::string quoted_text(std::string_view text, char mark) {
  std::string out(1, mark);
  for (const char c : text) out.append(c == mark ? 2 : 1, c);
  return out + mark;
}

std::string foreign_columns_text(std::span<const ParquetColumn> columns) {
  std::string out;
  for (const ParquetColumn& column : columns) {
    const std::string name = quoted_text(column.name, '"');
    out += fmt::format("{}CAST({} AS {}) AS {}", out.empty() ? "" : ", ", name, column.type, name);
  }
  return out;
}

}  // namespace aybiza
