#include "store/postgres_cells.h"

#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <limits>

#include "base/check.h"

namespace aybiza {
namespace {

// PostgreSQL counts microseconds from 2000-01-01.
constexpr std::int64_t epoch_micros = 946'684'800'000'000;
constexpr std::uint16_t negative = 0x4000, not_finite = 0xC000;

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes.substr(0, 8)) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

constexpr std::int64_t power_of_ten(int exponent) {
  std::int64_t power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

__extension__ using NumericSum = unsigned __int128;

// A numeric on the wire: digits of base 10 000, the first of weight 10 000^weight.
struct Numeric {
  std::string_view digits;  // two bytes each
  int count = 0, weight = 0, scale = 0;
  std::uint16_t sign = 0;
  int digit(int position) const {  // of 10 000^position
    const int index = weight - position;
    return index < 0 || index >= count ? 0 : int(big_endian(digits.substr(std::size_t(index) * 2, 2)));
  }
};

std::optional<Numeric> parse_numeric(std::string_view bytes) {
  if (bytes.size() < 8) return std::nullopt;
  Numeric out{.digits = bytes.substr(8), .count = int(big_endian(bytes.substr(0, 2))),
              .weight = std::int16_t(big_endian(bytes.substr(2, 2))), .scale = int(big_endian(bytes.substr(6, 2))),
              .sign = std::uint16_t(big_endian(bytes.substr(4, 2)))};
  if (out.digits.size() < std::size_t(out.count) * 2) return std::nullopt;
  return out;
}

// The value in units of 10^-scale, if 64 bits hold it. Digits behind the scale are none by construction of a numeric.
std::optional<std::int64_t> unscaled(const Numeric& numeric, int scale) {
  const int groups = (scale + 3) / 4;
  NumericSum value = 0;
  for (int position = numeric.weight; position >= -groups; --position) {
    value = value * 10'000 + unsigned(numeric.digit(position));
    if (value >> 96) return std::nullopt;
  }
  value /= std::uint64_t(power_of_ten(groups * 4 - scale));
  if (value > std::uint64_t(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
  const auto magnitude = static_cast<std::int64_t>(value);
  return numeric.sign == negative ? -magnitude : magnitude;
}

double as_double(const Numeric& numeric) {
  std::string text = numeric.sign == negative ? "-0." : "0.";
  for (int i = 0; i < numeric.count; ++i) {
    const auto digit = std::to_string(numeric.digit(numeric.weight - i));
    text.append(4 - digit.size(), '0').append(digit);
  }
  text += "0e" + std::to_string((numeric.weight + 1) * 4);
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

void append_integer(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
}

PgType type_of(SqlType type) {
  switch (type) {
    case SqlType::boolean: return PgType::boolean;
    case SqlType::integer: return PgType::int8;
    case SqlType::real: return PgType::float8;
    case SqlType::text: return PgType::text;
    case SqlType::time: return PgType::timestamptz;
    case SqlType::id: return PgType::uuid;
    case SqlType::blob: return PgType::bytes;
    case SqlType::floats: return PgType::floats;
    default: return PgType::numeric;
  }
}

PgType array_of(PgType element) {
  switch (element) {
    case PgType::boolean: return PgType(1000);
    case PgType::bytes: return PgType(1001);
    case PgType::int8: return PgType(1016);
    case PgType::text: return PgType(1009);
    case PgType::float8: return PgType(1022);
    case PgType::timestamptz: return PgType(1185);
    case PgType::uuid: return PgType(2951);
    case PgType::numeric: return PgType(1231);
    default: CHECK(!"an array of this type is not sent");
  }
  return PgType::unknown;
}

const char* sql_name(SqlType type) {
  switch (type) {
    case SqlType::boolean: return "boolean";
    case SqlType::integer: return "bigint";
    case SqlType::real: return "double precision";
    case SqlType::text: return "text";
    case SqlType::time: return "timestamptz";
    case SqlType::id: return "uuid";
    case SqlType::blob: return "bytea";
    case SqlType::floats: return "real[]";
    case SqlType::score: return "numeric(6,4)";
    case SqlType::percent: return "numeric(9,4)";
    case SqlType::millis: return "numeric(18,3)";
    case SqlType::seconds: return "numeric(18,6)";
    case SqlType::money: return "numeric(18,9)";
  }
  return "";
}

// --- Writing --------------------------------------------------------------------------------------------------------

void CellWriter::length(std::int32_t bytes) { append_integer(out_, static_cast<std::uint32_t>(bytes), 4); }

void CellWriter::put(std::size_t row, std::int64_t value) {
  const std::int64_t limit = limit_of(type_);
  if (value > limit || value < -limit) {
    ++out_of_range_;
    return null(row);
  }
  if (type_ != SqlType::integer) return put_numeric(value, scale_of(type_));
  length(8);
  append_integer(out_, static_cast<std::uint64_t>(value), 8);
}

void CellWriter::put_numeric(std::int64_t value, int scale) {
  const auto magnitude = value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  const auto unit = std::uint64_t(power_of_ten(scale));
  const int groups = (scale + 3) / 4;
  std::uint64_t whole = magnitude / unit, part = magnitude % unit * std::uint64_t(power_of_ten(groups * 4 - scale));
  std::array<std::uint16_t, 8> digits{};  // 5 of a whole below 10^18 / 1 and 3 of a part with 9 digits
  std::size_t first = 5, last = first + std::size_t(groups);
  for (std::size_t i = last; i > first; part /= 10'000) digits[--i] = std::uint16_t(part % 10'000);
  for (; whole > 0; whole /= 10'000) digits[--first] = std::uint16_t(whole % 10'000);
  auto weight = 5 - std::ptrdiff_t(first) - 1;
  while (last > first && digits[last - 1] == 0) --last;
  while (first < last && digits[first] == 0) ++first, --weight;
  const std::size_t count = last - first;
  length(std::int32_t(8 + 2 * count));
  append_integer(out_, count, 2);
  append_integer(out_, static_cast<std::uint16_t>(count == 0 ? 0 : weight), 2);
  append_integer(out_, value < 0 ? negative : 0, 2);
  append_integer(out_, static_cast<std::uint64_t>(scale), 2);
  for (std::size_t i = first; i < last; ++i) append_integer(out_, digits[i], 2);
}

void CellWriter::put(std::size_t, double value) {
  length(8);
  append_integer(out_, std::bit_cast<std::uint64_t>(value), 8);
}

void CellWriter::put(std::size_t, Instant value) {
  length(8);
  append_integer(out_, static_cast<std::uint64_t>(to_micros(value) - epoch_micros), 8);
}

void CellWriter::put(std::size_t, const Id& value) {
  length(16);
  append_integer(out_, value.high, 8);
  append_integer(out_, value.low, 8);
}

void CellWriter::put_text(std::size_t, std::string_view value) {
  if (type_ != SqlType::text || std::memchr(value.data(), 0, value.size()) == nullptr) {
    length(std::int32_t(value.size()));
    out_ += value;
    return;
  }
  ++out_of_range_;
  std::string clean;
  for (const char c : value) c == '\0' ? clean += "\xEF\xBF\xBD" : clean += c;
  length(std::int32_t(clean.size()));
  out_ += clean;
}

void CellWriter::put_floats(std::size_t row, std::string_view bytes) {
  const std::size_t count = bytes.size() / sizeof(float);
  if (count == 0) return null(row);
  length(std::int32_t(20 + 8 * count));
  for (const std::uint32_t word : {1u, 0u, unsigned(PgType::float4), unsigned(count), 1u}) append_integer(out_, word, 4);
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t number;
    std::memcpy(&number, bytes.data() + i * sizeof(float), sizeof number);
    append_integer(out_, sizeof number, 4);
    append_integer(out_, number, 4);
  }
}

std::string array_cells(PgType element, std::size_t count, std::string_view cells) {
  std::string out;
  out.reserve(20 + cells.size());
  append_integer(out, count == 0 ? 0 : 1, 4);  // dimensions
  append_integer(out, 1, 4);                   // there may be NULLs
  append_integer(out, std::uint32_t(element), 4);
  if (count == 0) return out;
  append_integer(out, count, 4);
  append_integer(out, 1, 4);  // the first index
  return out.append(cells);
}

namespace {

struct ParamEncoder {
  PgType& type;
  template <typename T>
  std::string made(PgType as, SqlType column, const T& value) const {
    type = as;
    std::string out;
    CellWriter(out, column).put(0, value);
    return out.substr(4);
  }
  std::string operator()(std::monostate) const { return type = PgType(0), ""; }
  std::string operator()(bool value) const { return made(PgType::boolean, SqlType::boolean, value); }
  std::string operator()(std::int64_t value) const { return made(PgType::int8, SqlType::integer, value); }
  std::string operator()(double value) const { return made(PgType::float8, SqlType::real, value); }
  std::string operator()(Instant value) const { return made(PgType::timestamptz, SqlType::time, value); }
  std::string operator()(const Id& value) const { return made(PgType::uuid, SqlType::id, value); }
  std::string operator()(std::string_view value) const { return type = PgType::text, std::string(value); }
};

}  // namespace

std::string param_bytes(const Param& param, PgType& type) { return std::visit(ParamEncoder{type}, param); }

// --- Reading --------------------------------------------------------------------------------------------------------

std::int64_t read_integer(std::string_view bytes) {
  const std::uint64_t value = big_endian(bytes);
  switch (bytes.size()) {
    case 2: return static_cast<std::int16_t>(value);
    case 4: return static_cast<std::int32_t>(value);
    default: return static_cast<std::int64_t>(value);
  }
}

double read_real(std::string_view bytes) {
  return bytes.size() == 4 ? double(std::bit_cast<float>(static_cast<std::uint32_t>(big_endian(bytes))))
                           : std::bit_cast<double>(big_endian(bytes));
}

Instant read_time(std::string_view bytes) {
  std::int64_t micros = 0;  // infinity saturates
  if (__builtin_add_overflow(read_integer(bytes), epoch_micros, &micros)) micros = std::numeric_limits<std::int64_t>::max();
  return from_micros(micros);
}

Id read_id(std::string_view bytes) {
  if (bytes.size() != 16) return {};
  return {big_endian(bytes.substr(0, 8)), big_endian(bytes.substr(8))};
}

Cell read_numeric(std::string_view bytes) {
  const auto numeric = parse_numeric(bytes);
  if (!numeric) return std::monostate{};
  if ((numeric->sign & not_finite) == not_finite) return std::numeric_limits<double>::quiet_NaN();
  if (numeric->scale <= 18)
    if (const auto value = unscaled(*numeric, numeric->scale)) return Decimal{*value, static_cast<std::uint8_t>(numeric->scale)};
  return as_double(*numeric);
}

void CellReader::get(std::size_t, std::int64_t& value) const {
  if (type_ == SqlType::integer) {
    value = read_integer(bytes_);
  } else {
    const auto numeric = parse_numeric(bytes_);
    value = numeric ? unscaled(*numeric, scale_of(type_)).value_or(0) : 0;
  }
}

void CellReader::get(std::size_t, double& value) const { value = read_real(bytes_); }
void CellReader::get(std::size_t, Instant& value) const { value = read_time(bytes_); }
void CellReader::get(std::size_t, Id& value) const { value = read_id(bytes_); }

std::string CellReader::floats(std::size_t) const {
  std::string out;
  for (std::size_t at = 20; at + 8 <= bytes_.size(); at += 8) {
    const auto number = static_cast<std::uint32_t>(big_endian(bytes_.substr(at + 4, 4)));
    out.append(reinterpret_cast<const char*>(&number), sizeof number);
  }
  return out;
}

}  // namespace aybiza
