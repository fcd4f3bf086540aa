#include "store/parquet.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/check.h"
#include "base/limits.h"
#include "store/duck_foreign.h"
#include "store/duck_vector.h"
#include "store/migrate.h"

namespace aybiza {
namespace {

constexpr int row_group_rows = 24'576;  // of turns with embeddings 150 MB

// Somebody else's rows, given to the function under the names that the file is to have.
class BorrowedRows final : public Rows {
 public:
  BorrowedRows(Rows& rows, std::span<const ParquetColumn> columns) : rows_(rows) {
    for (const ParquetColumn& column : columns) names_.push_back(column.name);
  }
  const std::vector<std::string>& columns() const override { return names_; }
  Result<bool> next() override { return rows_.next(); }
  std::size_t row_count() const override { return rows_.row_count(); }
  Cell cell(std::size_t row, std::size_t column) const override { return rows_.cell(row, column); }
  void cancel() override { rows_.cancel(); }

 private:
  Rows& rows_;
  std::vector<std::string> names_;
};

struct Memory {  // the connection goes first
  DuckDatabase database;
  DuckConnection connection;
};

Result<Memory> open_memory(const Clock& clock) {
  Memory out;
  if (duckdb_open(nullptr, out.database.out()) != DuckDBSuccess) return fail(Code::io, "no memory for the Parquet writer");
  auto connection = DuckConnection::open(out.database.get(), clock);
  if (!connection) return std::unexpected(connection.error());
  out.connection = std::move(*connection);
  AYBIZA_TRY(out.connection.script("SET threads = 1; SET memory_limit = '512MiB'; SET TimeZone = 'UTC'"));
  return out;
}

}  // namespace

Result<std::vector<ParquetColumn>> published_columns(std::string_view table, const Clock& clock) {
  auto memory = open_memory(clock);
  if (!memory) return std::unexpected(memory.error());
  DuckConnection& connection = memory->connection;
  if (Status made = migrate(connection, duckdb_migrations(), clock.now()); !made) return std::unexpected(made.error());
  if (Status made = publish(connection, published_views()); !made) return std::unexpected(made.error());
  auto answer = connection.open("SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = $1 ORDER BY column_index", {table});
  if (!answer) return std::unexpected(answer.error());
  std::vector<ParquetColumn> out;
  for (;;) {
    const auto more = answer->next();
    if (!more) return std::unexpected(more.error());
    if (!*more) return out;
    const VectorReader names(answer->vector(0), SqlType::text), types(answer->vector(1), SqlType::text);
    for (std::size_t row = 0; row < answer->row_count(); ++row) out.push_back({std::string(names.text(row)), std::string(types.text(row))});
  }
}

Status write_parquet(Rows& rows, std::span<const ParquetColumn> columns, const std::string& path, const Clock& clock) {
  CHECK(rows.columns().size() == columns.size());
  DuckForeign foreign;
  auto memory = open_memory(clock);
  if (!memory) return std::unexpected(memory.error());
  AYBIZA_TRY(foreign.add(memory->connection.get(), "source", {columns.begin(), columns.end()},
                         [&](const std::vector<std::string>&) -> Result<std::unique_ptr<Rows>> { return std::make_unique<BorrowedRows>(rows, columns); }));
  const auto copied = memory->connection.run(fmt::format("COPY (SELECT {} FROM source()) TO {} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {})",
                                                         foreign_columns_text(columns), sql_text(path), row_group_rows));
  AYBIZA_TRY(foreign.done());  // what the rows said, before what DuckDB made of it
  if (!copied) return std::unexpected(copied.error());
  return {};
}

Status send_file(const std::string& path, const ByteSink& sink) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return fail(Code::io, "{}: {}", path, std::generic_category().message(errno));
  std::string piece(limits::export_piece_bytes, '\0');
  Status done;
  while (done) {
    const ssize_t got = ::read(file, piece.data(), piece.size());
    if (got < 0) done = fail(Code::io, "{}: {}", path, std::generic_category().message(errno));
    if (got <= 0) break;
    done = sink(std::string_view(piece).substr(0, std::size_t(got)));
  }
  ::close(file);
  return done;
}

}  // namespace aybiza
