// DuckDB's C API as owned handles: database, connection, streamed answer. Nothing else in the program includes it.
//
// Shape    Handle frees what the C API hands out. DuckConnection runs statements with bound parameters: run() for
//          those whose answer is a count, open() for a stream of rows.
// Errors   every failure is a Result; messages are DuckDB's own, cut to one line. Codes: unavailable for a deadline,
//          an interrupt or memory; corrupt for damaged bytes; io for the rest of the world; invalid for bad SQL.
// Threads  a connection belongs to one thread at a time; interrupt() from any.
// Source   duckdb.h of DuckDB 1.4.4; library 1.5.6.
#pragma once

#include <duckdb.h>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/status.h"
#include "store/answer.h"

namespace aybiza {

template <typename T, auto release>
class Handle {
 public:
  Handle() = default;
  explicit Handle(T value) : value_(value) {}
  Handle(Handle&& other) noexcept : value_(std::exchange(other.value_, T{})) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~Handle() {
    if (value_) release(&value_);
  }
  T get() const { return value_; }
  T* out() { return &value_; }
  explicit operator bool() const { return value_ != nullptr; }

 private:
  T value_{};
};

using DuckDatabase = Handle<duckdb_database, duckdb_close>;
using DuckStatement = Handle<duckdb_prepared_statement, duckdb_destroy_prepare>;
using DuckPending = Handle<duckdb_pending_result, duckdb_destroy_pending>;
using DuckChunk = Handle<duckdb_data_chunk, duckdb_destroy_data_chunk>;
using DuckType = Handle<duckdb_logical_type, duckdb_destroy_logical_type>;
using DuckAppender = Handle<duckdb_appender, duckdb_appender_destroy>;

// A result is a struct, not a pointer.
class DuckResult {
 public:
  DuckResult() = default;
  DuckResult(DuckResult&& other) noexcept : value_(std::exchange(other.value_, {})) {}
  DuckResult& operator=(DuckResult&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~DuckResult() { duckdb_destroy_result(&value_); }
  duckdb_result& get() { return value_; }

 private:
  duckdb_result value_{};
};

std::string sql_text(std::string_view text);  // as a literal, for statements that take no parameters

std::unexpected<Error> duck_error(const char* message, std::string_view doing = {});

// A stream of chunks; the vectors of the current one for readers that know their types.
class DuckAnswer {
 public:
  Result<bool> next();  // false at the end
  std::size_t row_count() const { return row_count_; }
  duckdb_result& result() { return result_.get(); }
  std::size_t column_count();
  std::string column_name(std::size_t column);
  duckdb_vector vector(std::size_t column) const { return duckdb_data_chunk_get_vector(chunk_.get(), column); }

 private:
  friend class DuckConnection;
  DuckResult result_;
  DuckChunk chunk_;
  std::size_t row_count_ = 0;
  const Clock* clock_ = nullptr;
  Duration deadline_ = Duration::max();
  duckdb_connection connection_ = nullptr;
  std::function<bool()> stop_;
};

class DuckConnection {
 public:
  static Result<DuckConnection> open(duckdb_database database, const Clock& clock);

  duckdb_connection get() const { return connection_.get(); }
  void interrupt() { duckdb_interrupt(connection_.get()); }
  void stop_when(std::function<bool()> stop) { stop_ = std::move(stop); }  // asked while what is opened from here on runs; empty: never

  // All that is read until the end is of one moment. end_reading() may be called when nothing was begun.
  Status begin_reading();
  void end_reading();

  // Several statements without parameters.
  Status script(const std::string& text);
  // One statement; how many rows it changed.
  Result<std::uint64_t> run(std::string_view text, std::span<const Param> params = {});
  Result<std::uint64_t> run(std::string_view text, std::initializer_list<Param> params) {
    return run(text, std::span(params.begin(), params.size()));
  }
  // One statement, streamed; the first chunk is ready when this returns.
  Result<DuckAnswer> open(std::string_view text, std::span<const Param> params, Duration deadline = Duration::max());
  Result<DuckAnswer> open(std::string_view text, std::initializer_list<Param> params) {
    return open(text, std::span(params.begin(), params.size()));
  }
  // The single integer that `text` answers with; nullopt for no row or NULL.
  Result<std::optional<std::int64_t>> integer(std::string_view text, std::initializer_list<Param> params = {});

 private:
  Result<DuckStatement> prepare(std::string_view text, std::span<const Param> params);

  Handle<duckdb_connection, duckdb_disconnect> connection_;
  const Clock* clock_ = nullptr;
  std::function<bool()> stop_;
  bool reading_ = false;
};

}  // namespace aybiza
