#include "store/parquet_rows.h"

#include "store/duck.h"
#include "store/duck_rows.h"

namespace aybiza {
namespace {

// The rows, and behind them what they are read with.
class ParquetRows final : public Rows {
 public:
  ParquetRows(DuckDatabase database, std::unique_ptr<Rows> rows) : database_(std::move(database)), rows_(std::move(rows)) {}
  const std::vector<std::string>& columns() const override { return rows_->columns(); }
  Result<bool> next() override { return rows_->next(); }
  std::size_t row_count() const override { return rows_->row_count(); }
  Cell cell(std::size_t row, std::size_t column) const override { return rows_->cell(row, column); }
  void cancel() override { rows_->cancel(); }

 private:
  DuckDatabase database_;
  std::unique_ptr<Rows> rows_;  // goes first
};

}  // namespace

Result<std::unique_ptr<Rows>> open_parquet(const std::string& path, const Clock& clock) {
  DuckDatabase database;
  if (duckdb_open(nullptr, database.out()) != DuckDBSuccess) return fail(Code::io, "no memory for reading {}", path);
  auto connection = DuckConnection::open(database.get(), clock);
  if (!connection) return std::unexpected(connection.error());
  AYBIZA_TRY(connection->script("SET GLOBAL TimeZone = 'UTC'; SET GLOBAL autoinstall_known_extensions = false; SET GLOBAL autoload_known_extensions = false; SET GLOBAL threads = 1"));
  DuckLease lease(new DuckConnection(std::move(*connection)), [](DuckConnection* one) { delete one; });
  auto answer = lease->open("SELECT * FROM read_parquet($1)", {std::string_view(path)});
  if (!answer) return std::unexpected(answer.error());
  auto rows = make_duck_rows(std::move(lease), std::move(*answer));
  if (!rows) return rows;
  return std::make_unique<ParquetRows>(std::move(database), std::move(*rows));
}

std::string cell_text(const Cell& cell) {
  if (const auto* text = std::get_if<std::string_view>(&cell)) return std::string(*text);
  if (const auto* flag = std::get_if<bool>(&cell)) return *flag ? "true" : "false";
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&cell)) return fmt::format("{}", *real);
  if (const auto* decimal = std::get_if<Decimal>(&cell)) return to_string(*decimal);
  if (const auto* time = std::get_if<Instant>(&cell)) return format_rfc3339(*time);
  if (const auto* id = std::get_if<Id>(&cell)) return to_string(*id);
  return {};
}

}  // namespace aybiza
