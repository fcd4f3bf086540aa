#include "store/parquet.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/check.h"
#include "base/limits.h"
#include "store/duck_vector.h"
#include "store/duck_write.h"
#include "store/migrate.h"

namespace aybiza {
namespace {

constexpr int row_group_rows = 24'576;  // of turns with embeddings 150 MB

// As what a column of this type comes out of the function; the statement casts the rest from text.
SqlType carrier_of(std::string_view type) {
  if (type == "BOOLEAN") return SqlType::boolean;
  if (type == "BIGINT" || type == "INTEGER" || type == "UBIGINT") return SqlType::integer;
  if (type == "DOUBLE") return SqlType::real;
  if (type == "TIMESTAMP WITH TIME ZONE") return SqlType::time;
  if (type == "UUID") return SqlType::id;
  if (type == "BLOB") return SqlType::blob;
  return SqlType::text;
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

// What the table function reads from, for as long as its statement runs.
class Source {
 public:
  Source(Rows& rows, std::span<const ParquetColumn> columns) : rows_(rows), columns_(columns) {
    for (const ParquetColumn& column : columns) carriers_.push_back(carrier_of(column.type));
  }
  const Status& done() const { return done_; }

  static void bind(duckdb_bind_info info) {
    const auto& self = *static_cast<Source*>(duckdb_bind_get_extra_info(info));
    for (std::size_t i = 0; i < self.columns_.size(); ++i) {
      const DuckType type(make_type(self.carriers_[i]));
      duckdb_bind_add_result_column(info, self.columns_[i].name.c_str(), type.get());
    }
  }
  static void start(duckdb_init_info info) { duckdb_init_set_max_threads(info, 1); }
  static void fill(duckdb_function_info info, duckdb_data_chunk chunk) {
    auto& self = *static_cast<Source*>(duckdb_function_get_extra_info(info));
    if (self.done_) self.done_ = self.fill(chunk);
    if (!self.done_) duckdb_function_set_error(info, self.done_.error().message.c_str());
  }

 private:
  // An empty chunk says that there is no more.
  Status fill(duckdb_data_chunk chunk) {
    std::vector<VectorWriter> writers;
    for (std::size_t i = 0; i < carriers_.size(); ++i) writers.emplace_back(duckdb_data_chunk_get_vector(chunk, i), carriers_[i]);
    const std::size_t room = duckdb_vector_size();
    std::size_t count = 0;
    while (count < room && !over_) {
      if (next_ == rows_.row_count() || !begun_) {
        const auto more = rows_.next();
        if (!more) return std::unexpected(more.error());
        begun_ = true, next_ = 0, over_ = !*more;
        continue;
      }
      for (std::size_t i = 0; i < writers.size(); ++i)
        if (!put(writers[i], count, rows_.cell(next_, i), carriers_[i]))
          return fail(Code::unsupported, "column {} has a value that is no {}", columns_[i].name, columns_[i].type);
      ++next_, ++count;
    }
    duckdb_data_chunk_set_size(chunk, count);
    return {};
  }

  Rows& rows_;
  std::span<const ParquetColumn> columns_;
  std::vector<SqlType> carriers_;
  std::size_t next_ = 0;
  bool begun_ = false, over_ = false;
  Status done_;
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

Status register_source(duckdb_connection connection, Source& source) {
  duckdb_table_function function = duckdb_create_table_function();
  duckdb_table_function_set_name(function, "source");
  duckdb_table_function_set_extra_info(function, &source, nullptr);
  duckdb_table_function_set_bind(function, Source::bind);
  duckdb_table_function_set_init(function, Source::start);
  duckdb_table_function_set_function(function, Source::fill);
  const duckdb_state registered = duckdb_register_table_function(connection, function);
  duckdb_destroy_table_function(&function);
  return registered == DuckDBSuccess ? Status() : fail(Code::io, "the Parquet writer takes no rows");
}

std::string quoted(std::string_view text, char mark) {
  std::string out(1, mark);
  for (const char c : text) out.append(c == mark ? 2 : 1, c);
  return out + mark;
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
  auto memory = open_memory(clock);
  if (!memory) return std::unexpected(memory.error());
  Source source(rows, columns);
  AYBIZA_TRY(register_source(memory->connection.get(), source));
  std::string select;
  for (const ParquetColumn& column : columns) {
    const std::string name = quoted(column.name, '"');
    select += fmt::format("{}CAST({} AS {}) AS {}", select.empty() ? "" : ", ", name, column.type, name);
  }
  const auto copied = memory->connection.run(
      fmt::format("COPY (SELECT {} FROM source()) TO {} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {})", select, quoted(path, '\''), row_group_rows));
  AYBIZA_TRY(source.done());  // what the rows said, before what DuckDB made of it
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
