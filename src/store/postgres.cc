#include "store/postgres.h"

#include <poll.h>

#include <algorithm>
#include <array>

#include "base/check.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

constexpr auto slice = 50ms;  // of a wait: then the clock is asked, which in a test is not the kernel's

Code code_of(std::string_view state) {
  const std::string_view kind = state.substr(0, 2);
  if (state == "25006" || state == "55P03" || state == "57014") return Code::unavailable;  // read-only, locked, out of time
  if (kind == "08" || kind == "40" || kind == "53" || kind == "57") return Code::unavailable;
  if (state == "XX001" || state == "XX002") return Code::corrupt;
  if (kind == "28") return Code::unauthorized;
  if (kind == "0A") return Code::unsupported;
  if (kind == "58" || kind == "XX" || kind == "F0") return Code::io;
  if (state == "42501") return Code::unauthorized;  // a right is missing
  return Code::invalid;
}

std::string one_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  std::string out(text.substr(0, text.find('\n')));
  return out.empty() ? "no reason given" : out;
}

std::string field(const PGresult* result, int which) {
  const char* text = result ? PQresultErrorField(result, which) : nullptr;
  return text ? text : "";
}

}  // namespace

PgParam pg_param(const Param& param) {
  PgParam out;
  std::string bytes = param_bytes(param, out.type);
  if (!std::holds_alternative<std::monostate>(param)) out.bytes = std::move(bytes);
  return out;
}

// --- Connection -----------------------------------------------------------------------------------------------------

Result<std::unique_ptr<PostgresConnection>> PostgresConnection::open(const std::string& url, const Clock& clock, bool read_only,
                                                                     const PostgresClosing* closing) {
  const std::string patience = std::to_string(std::chrono::seconds(limits::postgres_connect).count());
  // What stands before dbname the URL may overrule; what stands behind it not.
  const std::array<const char*, 8> names = {"connect_timeout", "application_name", "keepalives_idle", "tcp_user_timeout", "dbname", "client_encoding", nullptr};
  const std::array<const char*, 8> values = {patience.c_str(), "aybiza", "30", "60000", url.c_str(), "UTF8", nullptr};
  std::unique_ptr<PostgresConnection> made(new PostgresConnection);
  made->clock_ = &clock;
  made->closing_ = closing;
  made->connection_.reset(PQconnectdbParams(names.data(), values.data(), 1));
  PGconn* connection = made->connection_.get();
  if (!connection) return fail(Code::io, "no memory for a connection");
  if (PQstatus(connection) != CONNECTION_OK) {
    const std::string reason = one_line(PQerrorMessage(connection));
    const bool refused = PQconnectionNeedsPassword(connection) != 0 || reason.find("authentication") != std::string::npos;
    return fail(refused ? Code::unauthorized : Code::unavailable, "PostgreSQL: {}", reason);
  }
  if (PQsetnonblocking(connection, 1) != 0) return fail(Code::io, "PostgreSQL: {}", one_line(PQerrorMessage(connection)));
  made->cancel_.reset(PQgetCancel(connection));
  PQsetNoticeProcessor(connection, [](void* warnings, const char*) { ++*static_cast<std::uint64_t*>(warnings); }, &made->warnings_);
  // jit: with many partitions it costs more than it gains (storage.md 1). Keepalives: a session whose network went away gives up its
  // locks in a minute instead of hours.
  AYBIZA_TRY(made->script(std::string("SET TimeZone = 'UTC'; SET jit = off; SET synchronous_commit = on; SET client_min_messages = warning; "
                                      "SET client_connection_check_interval = '1s'; SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; "
                                      "SET hnsw.iterative_scan = 'strict_order'; SET hnsw.ef_search = 400; "  // pgvector's; elsewhere words without meaning
                                      "SET tcp_keepalives_count = 3") + (read_only ? "; SET default_transaction_read_only = on" : "")));
  return made;
}

void PostgresConnection::cancel() {
  std::array<char, 256> ignored{};  // a question that cannot be cancelled ends by its deadline
  if (cancel_) PQcancel(cancel_.get(), ignored.data(), int(ignored.size()));
}

bool PostgresConnection::data_refused() const {
  const std::string_view kind = std::string_view(state_).substr(0, 2);
  return kind == "22" || kind == "23" || kind == "54";
}

std::string PostgresConnection::parameter(const char* name) const {
  const char* value = PQparameterStatus(connection_.get(), name);
  return value ? value : "";
}

Duration PostgresConnection::until(Duration patience) const { return clock_->elapsed() + patience; }

Status PostgresConnection::go_on() {
  if (!stop_ || !stop_()) return {};
  broken_ = true;
  return fail(Code::unavailable, "nobody waits for this answer any more");
}

Status PostgresConnection::wait(bool to_write, Duration deadline) {
  pollfd socket{.fd = PQsocket(connection_.get()), .events = short(to_write ? POLLIN | POLLOUT : POLLIN), .revents = 0};
  const Duration end = deadline == Duration::max() ? until(limits::postgres_silence) : deadline;
  std::optional<Duration> silent;  // since when, as far as is known
  for (;;) {
    if (socket.fd < 0) return failed(nullptr);
    const int ready = ::poll(&socket, 1, int(slice / 1ms));
    if (ready > 0) return {};
    AYBIZA_TRY(go_on());
    if (ready < 0 && errno != EINTR) return fail(Code::io, "poll: {}", std::generic_category().message(errno));
    const Duration now = clock_->elapsed();
    const bool ending = closing_ && closing_->over(silent ? *silent : silent.emplace(now), now);
    if (now > end || ending) {
      broken_ = true;
      return fail(Code::unavailable, "PostgreSQL does not answer {}", ending ? "and the program ends" : "in time");
    }
  }
}

Status PostgresConnection::flush(Duration deadline) {
  for (;;) {
    const int left = PQflush(connection_.get());
    if (left == 0) return {};
    if (left < 0) return failed(nullptr);
    AYBIZA_TRY(wait(true, deadline));
    if (PQconsumeInput(connection_.get()) == 0) return failed(nullptr);
  }
}

Result<PgResult> PostgresConnection::result(Duration deadline) {
  while (PQisBusy(connection_.get()) != 0) {
    if (Status ready = wait(false, deadline); !ready) return std::unexpected(ready.error());
    if (PQconsumeInput(connection_.get()) == 0) return failed(nullptr);
  }
  return PgResult(PQgetResult(connection_.get()));
}

// The last result of what was sent; the first failure, if there is one.
Result<PgResult> PostgresConnection::last_result(Duration deadline) {
  PgResult last;
  for (;;) {
    auto next = result(deadline);
    if (!next) return next;
    if (!*next) break;
    const ExecStatusType status = PQresultStatus(next->get());
    const bool is_failure = status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE;
    if (!last || PQresultStatus(last.get()) != PGRES_FATAL_ERROR) last = std::move(*next);
    if (is_failure && PQstatus(connection_.get()) != CONNECTION_OK) break;
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT) break;
  }
  if (!last) return failed(nullptr);
  if (PQresultStatus(last.get()) == PGRES_FATAL_ERROR || PQresultStatus(last.get()) == PGRES_BAD_RESPONSE) return failed(last.get());
  return last;
}

std::unexpected<Error> PostgresConnection::failed(const PGresult* result, std::string_view doing) {
  state_ = field(result, PG_DIAG_SQLSTATE);
  server_limit_ms_ = -1;  // a transaction that is rolled back takes its settings with it
  std::string reason = field(result, PG_DIAG_MESSAGE_PRIMARY);
  Code code = code_of(state_);
  if (state_.starts_with("57P")) broken_ = true;  // its last words
  if (state_.empty()) {  // libpq's own words: the connection
    reason = one_line(PQerrorMessage(connection_.get()));
    code = Code::unavailable;
    broken_ = true;
  }
  return doing.empty() ? fail(code, "PostgreSQL: {}", reason) : fail(code, "{}: {}", doing, reason);
}

// --- Statements -----------------------------------------------------------------------------------------------------

Status PostgresConnection::script(const std::string& text, Duration patience) {
  const Duration deadline = until(patience + limits::postgres_grace);
  if (PQsendQuery(connection_.get(), text.c_str()) == 0) return failed(nullptr);
  AYBIZA_TRY(flush(deadline));
  auto done = last_result(deadline);
  if (!done) return std::unexpected(done.error());
  return {};
}

Status PostgresConnection::rollback() {
  server_limit_ms_ = -1;
  return script("ROLLBACK");
}

Status PostgresConnection::take_time(Duration patience) {
  return script(fmt::format("SET LOCAL statement_timeout = {}", patience / 1ms));
}

// The server is told how long the next statement may take, if that is not what it was told last.
Status PostgresConnection::limit_server(Duration deadline) {
  std::int64_t limit = 0;  // none
  if (deadline != Duration::max()) limit = std::max<std::int64_t>(1, (deadline - clock_->elapsed()) / 1ms);
  if (limit == server_limit_ms_) return {};
  const Duration patience = deadline == Duration::max() ? Duration(limits::postgres_patience) : Duration(std::chrono::milliseconds(limit));
  AYBIZA_TRY(script(fmt::format("SET statement_timeout = {}", std::min<std::int64_t>(limit, INT32_MAX)), patience));
  server_limit_ms_ = limit;
  return {};
}

Status PostgresConnection::send(std::string_view text, std::span<const PgParam> params, Duration deadline, bool row_by_row) {
  std::vector<Oid> types;
  std::vector<const char*> values;
  std::vector<int> lengths, formats(params.size(), 1);
  for (const PgParam& param : params) {
    types.push_back(Oid(param.type));
    values.push_back(param.bytes ? param.bytes->data() : nullptr);
    lengths.push_back(param.bytes ? int(param.bytes->size()) : 0);
  }
  state_.clear();
  if (PQsendQueryParams(connection_.get(), std::string(text).c_str(), int(params.size()), types.data(), values.data(), lengths.data(),
                        formats.data(), 1) == 0)
    return failed(nullptr);
  if (row_by_row && PQsetSingleRowMode(connection_.get()) == 0) return failed(nullptr);
  return flush(deadline);
}

Result<std::uint64_t> PostgresConnection::run(std::string_view text, std::span<const PgParam> params, Duration patience) {
  const Duration deadline = until(patience + limits::postgres_grace);
  if (Status sent = send(text, params, deadline, false); !sent) return std::unexpected(sent.error());
  auto done = last_result(deadline);
  if (!done) return std::unexpected(done.error());
  const std::string_view count = PQcmdTuples(done->get());
  return count.empty() ? 0 : std::stoull(std::string(count));
}

Result<std::uint64_t> PostgresConnection::run(std::string_view text, std::initializer_list<Param> params) {
  std::vector<PgParam> encoded;
  for (const Param& param : params) encoded.push_back(pg_param(param));
  return run(text, encoded);
}

Result<PostgresAnswer> PostgresConnection::open(std::string_view text, std::span<const Param> params, Duration deadline) {
  std::vector<PgParam> encoded;
  for (const Param& param : params) encoded.push_back(pg_param(param));
  if (Status told = limit_server(deadline); !told) return std::unexpected(told.error());
  PostgresAnswer answer;
  answer.deadline_ = deadline == Duration::max() ? deadline : deadline + limits::postgres_grace;
  if (Status sent = send(text, encoded, answer.deadline_, true); !sent) return std::unexpected(sent.error());
  answer.connection_ = this;
  auto first = result(answer.deadline_);
  if (!first) return std::unexpected(first.error());
  const ExecStatusType status = PQresultStatus(first->get());
  if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
    auto failure = failed(first->get());
    answer.connection_ = nullptr;
    static_cast<void>(drain(answer.deadline_));  // what it answers is the first failure
    return failure;
  }
  answer.note_columns(first->get());
  answer.first_ = std::move(*first);
  return answer;
}

Status PostgresConnection::drain(Duration deadline) {
  for (;;) {
    auto next = result(deadline);
    if (!next) {
      broken_ = true;
      return std::unexpected(next.error());
    }
    if (!*next || PQstatus(connection_.get()) != CONNECTION_OK) return {};
  }
}

Result<std::optional<std::int64_t>> PostgresConnection::integer(std::string_view text, std::initializer_list<Param> params) {
  std::optional<std::int64_t> out;
  auto answer = open(text, std::span(params.begin(), params.size()), until(limits::postgres_patience));
  if (!answer) return std::unexpected(answer.error());
  for (;;) {
    const auto more = answer->next();
    if (!more) return std::unexpected(more.error());
    if (!*more) return out;
    if (!out && !answer->null(0, 0)) {
      const std::string_view bytes = answer->bytes(0, 0);
      out = bytes.size() == 1 ? bytes[0] : read_integer(bytes);
    }
  }
}

Result<std::optional<std::string>> PostgresConnection::word(std::string_view text, std::initializer_list<Param> params) {
  std::optional<std::string> out;
  auto answer = open(text, std::span(params.begin(), params.size()), until(limits::postgres_patience));
  if (!answer) return std::unexpected(answer.error());
  for (;;) {
    const auto more = answer->next();
    if (!more) return std::unexpected(more.error());
    if (!*more) return out;
    if (!out && !answer->null(0, 0)) out = answer->bytes(0, 0);
  }
}

// --- COPY -----------------------------------------------------------------------------------------------------------

Status PostgresConnection::send_rows(const std::function<bool(std::string&)>& more, Duration deadline) {
  std::string buffer("PGCOPY\n\xFF\r\n\0", 11);
  append_integer(buffer, 0, 4);  // flags
  append_integer(buffer, 0, 4);  // length of the header's extension
  for (bool last = false; !last;) {
    last = !more(buffer);
    if (last) append_integer(buffer, 0xFFFF, 2);
    if (!last && buffer.size() < limits::postgres_copy_bytes) continue;
    while (true) {
      const int taken = PQputCopyData(connection_.get(), buffer.data(), int(buffer.size()));
      if (taken < 0) return failed(nullptr);
      if (taken > 0) break;
      AYBIZA_TRY(flush(deadline));
    }
    AYBIZA_TRY(flush(deadline));
    buffer.clear();
  }
  while (true) {
    const int taken = PQputCopyEnd(connection_.get(), nullptr);
    if (taken < 0) return failed(nullptr);
    if (taken > 0) return flush(deadline);
    AYBIZA_TRY(flush(deadline));
  }
}

Status PostgresConnection::copy(const std::string& statement, const std::function<bool(std::string&)>& more) {
  const Duration deadline = until(limits::postgres_patience + limits::postgres_grace);
  state_.clear();
  if (PQsendQuery(connection_.get(), statement.c_str()) == 0) return failed(nullptr);
  AYBIZA_TRY(flush(deadline));
  auto ready = last_result(deadline);
  if (!ready) return std::unexpected(ready.error());
  if (PQresultStatus(ready->get()) != PGRES_COPY_IN) return fail(Code::invalid, "this is no COPY FROM STDIN");
  Status sent = send_rows(more, deadline);
  if (!sent && broken()) return sent;
  auto done = last_result(deadline);
  if (!done) return std::unexpected(done.error());
  return sent;
}

// --- Answers --------------------------------------------------------------------------------------------------------

PostgresAnswer& PostgresAnswer::operator=(PostgresAnswer&& other) noexcept {
  std::swap(connection_, other.connection_);
  std::swap(rows_, other.rows_);
  std::swap(first_, other.first_);
  std::swap(names_, other.names_);
  std::swap(types_, other.types_);
  std::swap(deadline_, other.deadline_);
  return *this;
}

PostgresAnswer::~PostgresAnswer() {
  if (connection_) connection_->give_up();
}

void PostgresAnswer::note_columns(const PGresult* result) {
  for (int i = 0; i < PQnfields(result); ++i) {
    names_.emplace_back(PQfname(result, i));
    types_.push_back(PgType(PQftype(result, i)));
  }
}

Result<bool> PostgresAnswer::next() {
  rows_.clear();
  if (connection_) AYBIZA_TRY(connection_->go_on());
  while (connection_ && rows_.size() < limits::postgres_chunk_rows) {
    if (!first_) {
      auto got = connection_->result(deadline_);
      if (!got) return std::unexpected(got.error());
      first_ = std::move(*got);
    }
    PgResult one = std::move(first_);
    const ExecStatusType status = one ? PQresultStatus(one.get()) : PGRES_COMMAND_OK;
    if (!one) {
      connection_ = nullptr;
    } else if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) {
      auto failure = connection_->failed(one.get());
      static_cast<void>(std::exchange(connection_, nullptr)->drain(deadline_));  // likewise: the first failure
      rows_.clear();
      return failure;
    } else if (status == PGRES_SINGLE_TUPLE) {
      rows_.push_back(std::move(one));
    }
  }
  return !rows_.empty();
}

}  // namespace aybiza
