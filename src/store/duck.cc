#include "store/duck.h"

#include <thread>

#include "base/check.h"

namespace aybiza {
namespace {

duckdb_state bind(duckdb_prepared_statement statement, idx_t index, const Param& param) {
  struct Binder {
    duckdb_prepared_statement statement;
    idx_t index;
    duckdb_state operator()(std::monostate) const { return duckdb_bind_null(statement, index); }
    duckdb_state operator()(bool value) const { return duckdb_bind_boolean(statement, index, value); }
    duckdb_state operator()(std::int64_t value) const { return duckdb_bind_int64(statement, index, value); }
    duckdb_state operator()(double value) const { return duckdb_bind_double(statement, index, value); }
    duckdb_state operator()(Instant value) const {
      return duckdb_bind_timestamp_tz(statement, index, duckdb_timestamp{to_micros(value)});
    }
    duckdb_state operator()(const Id& value) const {
      const duckdb_uhugeint bits{.lower = value.low, .upper = value.high};
      Handle<duckdb_value, duckdb_destroy_value> uuid(duckdb_create_uuid(bits));
      return duckdb_bind_value(statement, index, uuid.get());
    }
    duckdb_state operator()(std::string_view value) const {
      return duckdb_bind_varchar_length(statement, index, value.data(), value.size());
    }
  };
  return std::visit(Binder{statement, index}, param);
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// DuckDB begins its messages with the kind of error.
Code code_of(std::string_view message) {
  if (contains(message, "INTERRUPT") || contains(message, "Interrupted") || contains(message, "Out of Memory"))
    return Code::unavailable;
  if (contains(message, "Data corruption") || contains(message, "Corrupt") || contains(message, "corrupt") ||
      contains(message, "replaying WAL"))
    return Code::corrupt;
  if (contains(message, "Conflicting lock") || contains(message, "Transaction")) return Code::conflict;
  if (message.starts_with("Parser") || message.starts_with("Binder") || message.starts_with("Catalog") ||
      message.starts_with("Conversion") || message.starts_with("Invalid Input") || message.starts_with("Out of Range"))
    return Code::invalid;
  return Code::io;
}

}  // namespace

std::string sql_text(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out.append(c == '\'' ? 2 : 1, c);
  return out + "'";
}

std::unexpected<Error> duck_error(const char* message, std::string_view doing) {
  std::string_view text = message ? message : "no reason given";
  text = text.substr(0, text.find('\n'));
  return doing.empty() ? fail(code_of(text), "{}", text) : fail(code_of(text), "{}: {}", doing, text);
}

namespace {

std::unexpected<Error> stopped(duckdb_connection connection) {
  duckdb_interrupt(connection);
  return fail(Code::unavailable, "nobody waits for this answer any more");
}

}  // namespace

Result<bool> DuckAnswer::next() {
  if (stop_ && stop_()) return stopped(connection_);
  if (clock_ && deadline_ != Duration::max() && clock_->elapsed() > deadline_) {
    duckdb_interrupt(connection_);
    return fail(Code::unavailable, "the question took longer than it may");
  }
  chunk_ = DuckChunk(duckdb_fetch_chunk(result_.get()));
  row_count_ = chunk_ ? duckdb_data_chunk_get_size(chunk_.get()) : 0;
  if (!chunk_) {
    if (const char* error = duckdb_result_error(&result_.get()); error && *error) return duck_error(error);
    return false;
  }
  return row_count_ > 0 ? Result<bool>(true) : next();
}

std::size_t DuckAnswer::column_count() { return duckdb_column_count(&result_.get()); }
std::string DuckAnswer::column_name(std::size_t column) { return duckdb_column_name(&result_.get(), column); }

Result<DuckConnection> DuckConnection::open(duckdb_database database, const Clock& clock) {
  DuckConnection made;
  made.clock_ = &clock;
  if (duckdb_connect(database, made.connection_.out()) != DuckDBSuccess)
    return fail(Code::unavailable, "the store gives no further connection");
  return made;
}

Status DuckConnection::begin_reading() {
  AYBIZA_TRY(script("BEGIN TRANSACTION READ ONLY"));
  reading_ = true;
  return {};
}

// What was read is the answer; ending a transaction that wrote nothing cannot change it.
void DuckConnection::end_reading() {
  if (std::exchange(reading_, false)) static_cast<void>(script("ROLLBACK"));
}

Status DuckConnection::script(const std::string& text) {
  DuckResult result;
  if (duckdb_query(connection_.get(), text.c_str(), &result.get()) != DuckDBSuccess)
    return duck_error(duckdb_result_error(&result.get()));
  return {};
}

Result<DuckStatement> DuckConnection::prepare(std::string_view text, std::span<const Param> params) {
  DuckStatement statement;
  if (duckdb_prepare(connection_.get(), std::string(text).c_str(), statement.out()) != DuckDBSuccess)
    return duck_error(duckdb_prepare_error(statement.get()));
  if (duckdb_nparams(statement.get()) != params.size())
    return fail(Code::invalid, "the statement has {} parameters, {} were given", duckdb_nparams(statement.get()),
                params.size());
  for (std::size_t i = 0; i < params.size(); ++i)
    if (bind(statement.get(), i + 1, params[i]) != DuckDBSuccess)
      return fail(Code::invalid, "parameter {} has the wrong type", i + 1);
  return statement;
}

Result<std::uint64_t> DuckConnection::run(std::string_view text, std::span<const Param> params) {
  auto statement = prepare(text, params);
  if (!statement) return std::unexpected(std::move(statement).error());
  DuckResult result;
  if (duckdb_execute_prepared(statement->get(), &result.get()) != DuckDBSuccess)
    return duck_error(duckdb_result_error(&result.get()));
  return duckdb_rows_changed(&result.get());
}

Result<DuckAnswer> DuckConnection::open(std::string_view text, std::span<const Param> params, Duration deadline) {
  auto statement = prepare(text, params);
  if (!statement) return std::unexpected(std::move(statement).error());
  DuckPending pending;
  if (duckdb_pending_prepared_streaming(statement->get(), pending.out()) != DuckDBSuccess)
    return duck_error(duckdb_pending_error(pending.get()));
  // We drive the execution task by task, so that a deadline needs no second thread: a task is a few vectors.
  const bool limited = deadline != Duration::max();
  for (;;) {
    const duckdb_pending_state state = duckdb_pending_execute_task(pending.get());
    if (state == DUCKDB_PENDING_ERROR) return duck_error(duckdb_pending_error(pending.get()));
    if (duckdb_pending_execution_is_finished(state)) break;
    if (limited && clock_->elapsed() > deadline) {
      interrupt();
      return fail(Code::unavailable, "the question took longer than it may");
    }
    if (stop_ && stop_()) return stopped(connection_.get());
    if (state == DUCKDB_PENDING_NO_TASKS_AVAILABLE) std::this_thread::yield();  // the other thread has the last task
  }
  DuckAnswer answer;
  answer.clock_ = clock_;
  answer.deadline_ = deadline;
  answer.connection_ = connection_.get();
  answer.stop_ = stop_;
  if (duckdb_execute_pending(pending.get(), &answer.result_.get()) != DuckDBSuccess)
    return duck_error(duckdb_result_error(&answer.result_.get()));
  return answer;
}

Result<std::optional<std::int64_t>> DuckConnection::integer(std::string_view text, std::initializer_list<Param> params) {
  auto answer = open(text, params);
  if (!answer) return std::unexpected(std::move(answer).error());
  const auto more = answer->next();
  if (!more) return std::unexpected(more.error());
  if (!*more) return std::nullopt;
  duckdb_vector vector = answer->vector(0);
  std::uint64_t* validity = duckdb_vector_get_validity(vector);
  if (validity && !duckdb_validity_row_is_valid(validity, 0)) return std::nullopt;
  const DuckType type(duckdb_vector_get_column_type(vector));
  const void* data = duckdb_vector_get_data(vector);
  switch (duckdb_get_type_id(type.get())) {
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UBIGINT: return *static_cast<const std::int64_t*>(data);
    case DUCKDB_TYPE_INTEGER: return *static_cast<const std::int32_t*>(data);
    default: return fail(Code::invalid, "the statement answers no integer");
  }
}

}  // namespace aybiza
