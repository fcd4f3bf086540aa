#include "store/duck_vector.h"

#include <cstring>

namespace aybiza {

duckdb_logical_type make_type(SqlType type) {
  switch (type) {
    case SqlType::boolean: return duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN);
    case SqlType::integer: return duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
    case SqlType::real: return duckdb_create_logical_type(DUCKDB_TYPE_DOUBLE);
    case SqlType::text: return duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
    case SqlType::time: return duckdb_create_logical_type(DUCKDB_TYPE_TIMESTAMP_TZ);
    case SqlType::id: return duckdb_create_logical_type(DUCKDB_TYPE_UUID);
    case SqlType::blob: return duckdb_create_logical_type(DUCKDB_TYPE_BLOB);
    case SqlType::floats: {
      duckdb_logical_type number = duckdb_create_logical_type(DUCKDB_TYPE_FLOAT);
      duckdb_logical_type list = duckdb_create_list_type(number);
      duckdb_destroy_logical_type(&number);
      return list;
    }
    case SqlType::score: return duckdb_create_decimal_type(6, 4);
    case SqlType::percent: return duckdb_create_decimal_type(9, 4);
    case SqlType::millis: return duckdb_create_decimal_type(18, 3);
    case SqlType::seconds: return duckdb_create_decimal_type(18, 6);
    case SqlType::money: return duckdb_create_decimal_type(18, 9);
  }
  return nullptr;
}

void VectorWriter::null(idx_t row) {
  if (!validity_) {
    duckdb_vector_ensure_validity_writable(vector_);
    validity_ = duckdb_vector_get_validity(vector_);
  }
  duckdb_validity_set_row_invalid(validity_, row);
}

void VectorWriter::put(idx_t row, std::int64_t value) {
  const std::int64_t limit = limit_of(type_);
  if (value > limit || value < -limit) {
    ++out_of_range_;
    null(row);
  } else if (type_ == SqlType::score || type_ == SqlType::percent) {
    static_cast<std::int32_t*>(data_)[row] = static_cast<std::int32_t>(value);
  } else {
    static_cast<std::int64_t*>(data_)[row] = value;
  }
}

void VectorWriter::put_floats(idx_t row, std::string_view bytes) {
  const idx_t begin = duckdb_list_vector_get_size(vector_), count = bytes.size() / sizeof(float);
  static_cast<duckdb_list_entry*>(data_)[row] = {begin, count};
  if (count == 0) return null(row);
  duckdb_list_vector_reserve(vector_, begin + count);
  auto* numbers = static_cast<float*>(duckdb_vector_get_data(duckdb_list_vector_get_child(vector_)));
  std::memcpy(numbers + begin, bytes.data(), count * sizeof(float));
  duckdb_list_vector_set_size(vector_, begin + count);
}

void VectorReader::get(idx_t row, std::int64_t& value) const {
  value = type_ == SqlType::score || type_ == SqlType::percent ? static_cast<const std::int32_t*>(data_)[row]
                                                               : static_cast<const std::int64_t*>(data_)[row];
}

std::string_view VectorReader::text(idx_t row) const {
  if (null(row)) return {};
  auto* string = static_cast<duckdb_string_t*>(data_) + row;
  return {duckdb_string_t_data(string), duckdb_string_t_length(*string)};
}

std::string VectorReader::floats(idx_t row) const {
  if (null(row)) return {};
  const auto& entry = static_cast<const duckdb_list_entry*>(data_)[row];
  const auto* numbers = static_cast<const float*>(duckdb_vector_get_data(duckdb_list_vector_get_child(vector_)));
  std::string bytes(entry.length * sizeof(float), '\0');
  if (!bytes.empty()) std::memcpy(bytes.data(), numbers + entry.offset, bytes.size());
  return bytes;
}

}  // namespace aybiza
