// The rows an engine answers a SQL question with: streamed in chunks, read cell by cell.
//
// Shape    next() moves to the next chunk (a few thousand rows) and answers false at the end; cells of the current
//          chunk are addressed by row and column. Text cells are views into the chunk.
// Units    as the column says: DECIMAL arrives as an exact Decimal, TIMESTAMPTZ as Instant, UUID as Id. NULL is
//          std::monostate, never zero. A sum too large for int64 arrives as double.
// Errors   a failure inside a stream (deadline, cancel, disk) comes out of next(); nothing after it is valid.
// Threads  one reader; cancel() from any thread while the object lives.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "base/units.h"

namespace aybiza {

struct Decimal {
  std::int64_t unscaled = 0;
  std::uint8_t scale = 0;  // value = unscaled / 10^scale
  friend bool operator==(const Decimal&, const Decimal&) = default;
};

struct Blob {
  std::string_view bytes;
  friend bool operator==(const Blob&, const Blob&) = default;
};

using Cell = std::variant<std::monostate, bool, std::int64_t, double, Decimal, Instant, Id, std::string_view, Blob>;

// What a statement's $1, $2, … are bound to. Texts must outlive the call to sql(), not the answer.
using Param = std::variant<std::monostate, bool, std::int64_t, double, Instant, Id, std::string_view>;

inline bool is_null(const Cell& cell) { return std::holds_alternative<std::monostate>(cell); }
// A number of any kind as double; nullopt for NULL and for what is no number.
std::optional<double> as_real(const Cell& cell);
// An integer, a bool or a Decimal of scale 0 as it is; nullopt otherwise.
std::optional<std::int64_t> as_integer(const Cell& cell);
// "12.50" for {1250, 2}: exact, all digits of the scale.
std::string to_string(Decimal decimal);

class Rows {
 public:
  virtual ~Rows() = default;
  virtual const std::vector<std::string>& columns() const = 0;
  virtual Result<bool> next() = 0;            // to the next non-empty chunk
  virtual std::size_t row_count() const = 0;  // of the current chunk
  // REQUIRES: row < row_count(), column < columns().size().
  virtual Cell cell(std::size_t row, std::size_t column) const = 0;
  virtual void cancel() = 0;
};

}  // namespace aybiza
