#include "store/postgres_rows.h"

#include <bit>
#include <cstring>
#include <deque>

#include "base/check.h"

namespace aybiza {
namespace {

bool supported(PgType type) {
  switch (type) {
    case PgType::boolean: case PgType::bytes: case PgType::name: case PgType::int8: case PgType::int2: case PgType::int4:
    case PgType::text: case PgType::oid: case PgType::json: case PgType::float4: case PgType::float8: case PgType::unknown:
    case PgType::floats: case PgType::bpchar: case PgType::varchar: case PgType::date: case PgType::timestamp:
    case PgType::timestamptz: case PgType::numeric: case PgType::uuid: case PgType::jsonb:
      return true;
  }
  return false;
}

// A list of numbers as DuckDB writes one: "[1.0, -0.5]".
std::string list_text(const CellReader& cell) {
  const std::string bytes = cell.floats(0);
  std::string out = "[";
  for (std::size_t at = 0; at < bytes.size(); at += sizeof(float)) {
    float number;
    std::memcpy(&number, bytes.data() + at, sizeof number);
    std::string text = fmt::format("{}", number);
    if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
    out.append(out.size() == 1 ? "" : ", ").append(text);
  }
  return out + "]";
}

class PostgresRows final : public Rows {
 public:
  PostgresRows(PostgresLease lease, PostgresAnswer answer) : lease_(std::move(lease)), answer_(std::move(answer)) {}

  Status check_types() const {
    for (std::size_t i = 0; i < columns().size(); ++i)
      if (!supported(answer_.type(i))) return fail(Code::unsupported, "column {} has a type without a cell: cast it", columns()[i]);
    return {};
  }

  const std::vector<std::string>& columns() const override { return answer_.columns(); }
  Result<bool> next() override {
    lists_.clear();
    return answer_.next();
  }
  std::size_t row_count() const override { return answer_.row_count(); }
  void cancel() override { lease_->cancel(); }

  Cell cell(std::size_t row, std::size_t column) const override {
    CHECK(row < row_count() && column < columns().size());
    if (answer_.null(row, column)) return std::monostate{};
    const std::string_view bytes = answer_.bytes(row, column);
    switch (answer_.type(column)) {
      case PgType::boolean: return !bytes.empty() && bytes[0] != 0;
      case PgType::int2: case PgType::int4: case PgType::int8: return read_integer(bytes);
      case PgType::oid: return read_integer(bytes) & 0xFFFF'FFFF;
      case PgType::float4: case PgType::float8: return read_real(bytes);
      case PgType::timestamp: case PgType::timestamptz: return read_time(bytes);
      case PgType::date: return from_micros((read_integer(bytes) + 10'957) * 86'400'000'000);  // days from 2000-01-01
      case PgType::uuid: return read_id(bytes);
      case PgType::numeric: return read_numeric(bytes);
      case PgType::bytes: return Blob{bytes};
      case PgType::jsonb: return bytes.substr(std::min<std::size_t>(1, bytes.size()));  // behind its version
      case PgType::floats: return std::string_view(lists_.emplace_back(list_text(answer_.cell(row, column, SqlType::floats))));
      default: return bytes;
    }
  }

 private:
  PostgresLease lease_;  // first in, last out: the answer reads from its connection
  PostgresAnswer answer_;
  mutable std::deque<std::string> lists_;  // texts of the chunk that are not in the answer as such
};

}  // namespace

Result<std::unique_ptr<Rows>> make_postgres_rows(PostgresLease lease, PostgresAnswer answer) {
  auto rows = std::make_unique<PostgresRows>(std::move(lease), std::move(answer));
  AYBIZA_TRY(rows->check_types());
  return rows;
}

}  // namespace aybiza
