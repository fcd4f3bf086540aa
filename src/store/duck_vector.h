// Our values into and out of DuckDB's column vectors.
//
// Shape    a VectorWriter fills one column of a chunk row by row, a VectorReader reads one. An empty text and an empty
//          optional are NULL.
// Units    the column's SqlType says how the int64 in memory is written: DECIMAL keeps the unscaled integer, so nothing
//          is rounded.
// Errors   a number that does not fit its column becomes NULL and is counted in out_of_range: one sender's absurd
//          number must not stop everybody's rows.
// Threads  values; none.
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/units.h"
#include "store/sql_type.h"

namespace aybiza {

duckdb_logical_type make_type(SqlType type);  // the caller destroys it

class VectorWriter {
 public:
  VectorWriter(duckdb_vector vector, SqlType type)
      : vector_(vector), data_(duckdb_vector_get_data(vector)), type_(type) {}

  void null(idx_t row);
  void put(idx_t row, bool value) { static_cast<bool*>(data_)[row] = value; }
  void put(idx_t row, std::int64_t value);
  void put(idx_t row, std::uint32_t value) { put(row, std::int64_t(value)); }
  void put(idx_t row, double value) { static_cast<double*>(data_)[row] = value; }
  void put(idx_t row, Instant value) { static_cast<std::int64_t*>(data_)[row] = to_micros(value); }
  void put(idx_t row, const Id& value) {
    // DuckDB orders UUIDs as signed 128-bit integers: the top bit is flipped.
    static_cast<duckdb_hugeint*>(data_)[row] = {value.low, static_cast<std::int64_t>(value.high ^ (1ull << 63))};
  }
  void put(idx_t row, const std::string& value) { value.empty() ? null(row) : put_text(row, value); }
  template <typename T>
  void put(idx_t row, const std::optional<T>& value) {
    value ? put(row, *value) : null(row);
  }
  void put_text(idx_t row, std::string_view value) {  // also when it is empty
    duckdb_vector_assign_string_element_len(vector_, row, value.data(), value.size());
  }
  void put_floats(idx_t row, std::string_view bytes);  // little-endian float32

  std::uint64_t out_of_range() const { return out_of_range_; }

 private:
  duckdb_vector vector_;
  void* data_;
  std::uint64_t* validity_ = nullptr;  // made by the first NULL
  std::uint64_t out_of_range_ = 0;
  SqlType type_;
};

class VectorReader {
 public:
  VectorReader(duckdb_vector vector, SqlType type)
      : vector_(vector), data_(duckdb_vector_get_data(vector)), validity_(duckdb_vector_get_validity(vector)),
        type_(type) {}

  bool null(idx_t row) const { return validity_ && !duckdb_validity_row_is_valid(validity_, row); }
  void get(idx_t row, bool& value) const { value = !null(row) && static_cast<const bool*>(data_)[row]; }
  void get(idx_t row, std::int64_t& value) const;
  void get(idx_t row, std::uint32_t& value) const {
    std::int64_t wide = 0;
    get(row, wide);
    value = static_cast<std::uint32_t>(wide);
  }
  void get(idx_t row, double& value) const { value = static_cast<const double*>(data_)[row]; }
  void get(idx_t row, Instant& value) const { value = from_micros(static_cast<const std::int64_t*>(data_)[row]); }
  void get(idx_t row, Id& value) const {
    const auto& bits = static_cast<const duckdb_hugeint*>(data_)[row];
    value = {static_cast<std::uint64_t>(bits.upper) ^ (1ull << 63), bits.lower};
  }
  void get(idx_t row, std::string& value) const { value = text(row); }
  template <typename T>
  void get(idx_t row, std::optional<T>& value) const {
    if (null(row)) {
      value.reset();
    } else {
      get(row, value.emplace());
    }
  }
  std::string_view text(idx_t row) const;  // empty for NULL
  std::string floats(idx_t row) const;     // little-endian float32, empty for NULL

 private:
  duckdb_vector vector_;
  void* data_;
  std::uint64_t* validity_;
  SqlType type_;
};

}  // namespace aybiza
