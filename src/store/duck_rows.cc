#include "store/duck_rows.h"

#include "base/check.h"
#include "store/duck_vector.h"

namespace aybiza {
namespace {

struct ColumnType {
  duckdb_type kind = DUCKDB_TYPE_INVALID;
  duckdb_type stored = DUCKDB_TYPE_INVALID;  // of a DECIMAL: the integer that carries it
  std::uint8_t scale = 0;
};

bool supported(duckdb_type kind) {
  switch (kind) {
    case DUCKDB_TYPE_BOOLEAN: case DUCKDB_TYPE_TINYINT: case DUCKDB_TYPE_SMALLINT: case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT: case DUCKDB_TYPE_UTINYINT: case DUCKDB_TYPE_USMALLINT: case DUCKDB_TYPE_UINTEGER:
    case DUCKDB_TYPE_UBIGINT: case DUCKDB_TYPE_HUGEINT: case DUCKDB_TYPE_FLOAT: case DUCKDB_TYPE_DOUBLE:
    case DUCKDB_TYPE_DECIMAL: case DUCKDB_TYPE_TIMESTAMP: case DUCKDB_TYPE_TIMESTAMP_TZ: case DUCKDB_TYPE_DATE:
    case DUCKDB_TYPE_UUID: case DUCKDB_TYPE_VARCHAR: case DUCKDB_TYPE_BLOB: case DUCKDB_TYPE_SQLNULL:
      return true;
    default: return false;
  }
}

template <typename T>
const T& at(void* data, std::size_t row) {
  return static_cast<const T*>(data)[row];
}

// An integer of `kind` as int64, or as double when it does not fit.
std::variant<std::int64_t, double> integer_at(duckdb_type kind, void* data, std::size_t row) {
  switch (kind) {
    case DUCKDB_TYPE_TINYINT: return std::int64_t(at<std::int8_t>(data, row));
    case DUCKDB_TYPE_SMALLINT: return std::int64_t(at<std::int16_t>(data, row));
    case DUCKDB_TYPE_INTEGER: return std::int64_t(at<std::int32_t>(data, row));
    case DUCKDB_TYPE_UTINYINT: return std::int64_t(at<std::uint8_t>(data, row));
    case DUCKDB_TYPE_USMALLINT: return std::int64_t(at<std::uint16_t>(data, row));
    case DUCKDB_TYPE_UINTEGER: return std::int64_t(at<std::uint32_t>(data, row));
    case DUCKDB_TYPE_UBIGINT: {
      const std::uint64_t value = at<std::uint64_t>(data, row);
      if (value > std::uint64_t(INT64_MAX)) return double(value);
      return static_cast<std::int64_t>(value);
    }
    case DUCKDB_TYPE_HUGEINT: {
      const auto& value = at<duckdb_hugeint>(data, row);
      const bool fits = (value.upper == 0 && value.lower <= std::uint64_t(INT64_MAX)) ||
                        (value.upper == -1 && value.lower > std::uint64_t(INT64_MAX));
      if (!fits) return duckdb_hugeint_to_double(value);
      return static_cast<std::int64_t>(value.lower);
    }
    default: return at<std::int64_t>(data, row);
  }
}

class DuckRows final : public Rows {
 public:
  DuckRows(DuckLease lease, DuckAnswer answer) : lease_(std::move(lease)), answer_(std::move(answer)) {
    for (std::size_t i = 0; i < answer_.column_count(); ++i) columns_.push_back(answer_.column_name(i));
    types_.resize(columns_.size());
  }

  Status read_types(duckdb_result& result) {
    for (std::size_t i = 0; i < types_.size(); ++i) {
      const DuckType type(duckdb_column_logical_type(&result, i));
      ColumnType& out = types_[i];
      out.kind = duckdb_get_type_id(type.get());
      if (!supported(out.kind))
        return fail(Code::unsupported, "column {} has a type without a cell: cast it", columns_[i]);
      if (out.kind == DUCKDB_TYPE_DECIMAL) {
        out.stored = duckdb_decimal_internal_type(type.get());
        out.scale = duckdb_decimal_scale(type.get());
      }
    }
    return {};
  }
  DuckAnswer& answer() { return answer_; }

  const std::vector<std::string>& columns() const override { return columns_; }

  Result<bool> next() override {
    const auto more = answer_.next();
    if (!more || !*more) return more;
    data_.clear();
    validity_.clear();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      data_.push_back(duckdb_vector_get_data(answer_.vector(i)));
      validity_.push_back(duckdb_vector_get_validity(answer_.vector(i)));
    }
    return true;
  }

  std::size_t row_count() const override { return answer_.row_count(); }
  void cancel() override { lease_->interrupt(); }

  Cell cell(std::size_t row, std::size_t column) const override {
    CHECK(row < row_count() && column < columns_.size());
    const ColumnType& type = types_[column];
    void* data = data_[column];
    if (type.kind == DUCKDB_TYPE_SQLNULL) return std::monostate{};
    if (validity_[column] && !duckdb_validity_row_is_valid(validity_[column], row)) return std::monostate{};
    switch (type.kind) {
      case DUCKDB_TYPE_BOOLEAN: return at<bool>(data, row);
      case DUCKDB_TYPE_FLOAT: return double(at<float>(data, row));
      case DUCKDB_TYPE_DOUBLE: return at<double>(data, row);
      case DUCKDB_TYPE_TIMESTAMP:
      case DUCKDB_TYPE_TIMESTAMP_TZ: return from_micros(at<std::int64_t>(data, row));
      case DUCKDB_TYPE_DATE: return from_micros(at<std::int32_t>(data, row) * 86'400'000'000);
      case DUCKDB_TYPE_UUID: {
        Id id;
        VectorReader(answer_.vector(column), SqlType::id).get(row, id);
        return id;
      }
      case DUCKDB_TYPE_VARCHAR: return text(data, row);
      case DUCKDB_TYPE_BLOB: return Blob{text(data, row)};
      case DUCKDB_TYPE_DECIMAL: {
        const auto value = integer_at(type.stored, data, row);
        if (const auto* unscaled = std::get_if<std::int64_t>(&value)) return Decimal{*unscaled, type.scale};
        double real = std::get<double>(value);
        for (int i = 0; i < type.scale; ++i) real /= 10;
        return real;
      }
      default: return std::visit([](auto value) -> Cell { return value; }, integer_at(type.kind, data, row));
    }
  }

 private:
  static std::string_view text(void* data, std::size_t row) {
    auto* string = static_cast<duckdb_string_t*>(data) + row;
    return {duckdb_string_t_data(string), duckdb_string_t_length(*string)};
  }

  DuckLease lease_;  // first in, last out: the answer reads from its connection
  DuckAnswer answer_;
  std::vector<std::string> columns_;
  std::vector<ColumnType> types_;
  std::vector<void*> data_;
  std::vector<std::uint64_t*> validity_;
};

}  // namespace

Result<std::unique_ptr<Rows>> make_duck_rows(DuckLease lease, DuckAnswer answer) {
  auto rows = std::make_unique<DuckRows>(std::move(lease), std::move(answer));
  AYBIZA_TRY(rows->read_types(rows->answer().result()));
  return rows;
}

}  // namespace aybiza
