// Our values as PostgreSQL's binary cells, and back: what COPY BINARY, array parameters and binary answers are made of.
//
// Shape    a CellWriter appends one cell after the other to a buffer: its length, big-endian, then its bytes; -1 is NULL. A
//          CellReader reads one cell. The members are those of VectorWriter and VectorReader, so that one list of columns
//          serves both; the row's index means nothing here.
// Units    the column's SqlType says how the int64 in memory is written: numeric keeps every digit.
// Errors   as VectorWriter: a number that does not fit becomes NULL and is counted. A text with a NUL byte, for which
//          PostgreSQL has no place, gets U+FFFD instead, counted likewise. A cell that is not what it should be reads as zero.
// Threads  values; none.
// Source   PostgreSQL 15 manual, COPY "Binary Format"; src/backend/utils/adt/numeric.c for numeric.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/units.h"
#include "store/answer.h"
#include "store/sql_type.h"

namespace aybiza {

// OIDs of pg_type, fixed for all versions.
enum class PgType : std::uint32_t {
  boolean = 16, bytes = 17, name = 19, int8 = 20, int2 = 21, int4 = 23, text = 25, oid = 26, json = 114, float4 = 700, float8 = 701,
  unknown = 705, floats = 1021, bpchar = 1042, varchar = 1043, date = 1082, timestamp = 1114, timestamptz = 1184, numeric = 1700,
  uuid = 2950, jsonb = 3802,
};
PgType type_of(SqlType type);
PgType array_of(PgType element);  // REQUIRES: an element that type_of() answers, but floats
const char* sql_name(SqlType type);  // "numeric(18,9)"

class CellWriter {
 public:
  CellWriter(std::string& out, SqlType type) : out_(out), type_(type) {}

  void null(std::size_t) { length(-1); }
  void put(std::size_t, bool value) { length(1), out_ += char(value); }
  void put(std::size_t row, std::int64_t value);
  void put(std::size_t row, std::uint32_t value) { put(row, std::int64_t(value)); }
  void put(std::size_t, double value);
  void put(std::size_t, Instant value);
  void put(std::size_t, const Id& value);
  void put(std::size_t row, const std::string& value) { value.empty() ? null(row) : put_text(row, value); }
  template <typename T>
  void put(std::size_t row, const std::optional<T>& value) {
    value ? put(row, *value) : null(row);
  }
  void put_text(std::size_t, std::string_view value);  // also when it is empty
  void put_floats(std::size_t, std::string_view bytes);  // little-endian float32

  std::uint64_t out_of_range() const { return out_of_range_; }

 private:
  void length(std::int32_t bytes);
  void put_numeric(std::int64_t unscaled, int scale);

  std::string& out_;
  std::uint64_t out_of_range_ = 0;
  SqlType type_;
};

class CellReader {
 public:
  CellReader(const char* data, int length, SqlType type)  // length < 0: NULL
      : bytes_(length < 0 ? std::string_view() : std::string_view(data, std::size_t(length))), null_(length < 0), type_(type) {}

  bool null(std::size_t) const { return null_; }
  void get(std::size_t, bool& value) const { value = !bytes_.empty() && bytes_[0] != 0; }
  void get(std::size_t, std::int64_t& value) const;
  void get(std::size_t row, std::uint32_t& value) const {
    std::int64_t wide = 0;
    get(row, wide);
    value = static_cast<std::uint32_t>(wide);
  }
  void get(std::size_t, double& value) const;
  void get(std::size_t, Instant& value) const;
  void get(std::size_t, Id& value) const;
  void get(std::size_t, std::string& value) const { value = bytes_; }
  template <typename T>
  void get(std::size_t row, std::optional<T>& value) const {
    if (null_) {
      value.reset();
    } else {
      get(row, value.emplace());
    }
  }
  std::string_view text(std::size_t) const { return bytes_; }  // empty for NULL
  std::string floats(std::size_t) const;                       // little-endian float32, empty for NULL

 private:
  std::string_view bytes_;
  bool null_;
  SqlType type_;
};

// Cells appended by a CellWriter as one array parameter. `cells` holds `count` of them.
std::string array_cells(PgType element, std::size_t count, std::string_view cells);
// A parameter's type and its bytes without the length.
std::string param_bytes(const Param& param, PgType& type);

// A numeric as an exact Decimal, or as double where it has more digits than 64 bits hold.
Cell read_numeric(std::string_view bytes);
std::int64_t read_integer(std::string_view bytes);  // of 2, 4 or 8 bytes
double read_real(std::string_view bytes);           // of 4 or 8 bytes
Instant read_time(std::string_view bytes);
Id read_id(std::string_view bytes);
void append_integer(std::string& out, std::uint64_t value, int bytes);  // big-endian

}  // namespace aybiza
