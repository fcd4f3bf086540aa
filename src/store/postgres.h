// libpq as owned handles: connection, streamed answer, COPY. Nothing else in the program includes it.
//
// Shape    PostgresConnection runs statements with bound parameters, everything in binary: run() for those whose answer is a
//          count, open() for a stream of rows, copy() for rows by COPY BINARY. Sockets are never waited for longer than a
//          deadline, so a server that hangs costs the deadline and the connection, not the thread: a statement gets the same
//          deadline from the server (statement_timeout), and a server that does not keep to it is hung up on. PQcancel, which
//          has no time limit of its own, is left to cancel().
// Errors   by SQLSTATE, messages without DETAIL and CONTEXT (they quote rows). unavailable: connection lost, out of time,
//          serialization, deadlock, shut down, read-only, out of disk or connections; a retry may work. corrupt: damaged pages.
//          unauthorized, unsupported, io as they say. invalid: bad SQL, and data a column refuses; data_refused() tells these.
// Threads  a connection belongs to one thread at a time; cancel() from any.
// Source   libpq of PostgreSQL 15; SQLSTATE: manual, appendix A.
#pragma once

#include <libpq-fe.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "store/postgres_cells.h"

namespace aybiza {

namespace limits {
inline constexpr auto postgres_connect = std::chrono::seconds(5);   // for each address of the server
inline constexpr auto postgres_patience = std::chrono::seconds(30); // for one statement of the writer, then the connection is given up
inline constexpr auto postgres_day = std::chrono::minutes(5);       // for a statement of the writer about a day's rows
inline constexpr auto postgres_migration = std::chrono::hours(6);  // for one migration
inline constexpr auto postgres_silence = std::chrono::minutes(15);  // of an answer without a deadline, then the connection is given up
inline constexpr auto postgres_grace = std::chrono::seconds(2);     // beyond a deadline, for the server to say so itself
inline constexpr auto postgres_closing = std::chrono::seconds(3);   // of a silent server, once the program ends
inline constexpr auto postgres_takeover = std::chrono::seconds(10); // at start, for the lock of a process that was killed
inline constexpr std::size_t postgres_chunk_rows = 1'024;           // of an answer held at a time
inline constexpr std::size_t postgres_copy_bytes = 256 * 1024;      // encoded before they are sent
inline constexpr std::size_t poison_data_bytes = 8 * 1024;          // kept of a row that the server refuses
}  // namespace limits

struct PgFree {
  void operator()(PGresult* result) const { PQclear(result); }
  void operator()(PGconn* connection) const { PQfinish(connection); }
  void operator()(PGcancel* cancel) const { PQfreeCancel(cancel); }
};
using PgResult = std::unique_ptr<PGresult, PgFree>;

class PostgresConnection;

// Tells connections that the program ends: from then on none waits for a silent server for longer than limits::postgres_closing.
class PostgresClosing {
 public:
  void begin(Duration now) { since_ = now.count(); }
  bool begun() const { return since_ >= 0; }
  bool over(Duration silent_since, Duration now) const { return begun() && now > std::max(silent_since, Duration(since_)) + limits::postgres_closing; }

 private:
  std::atomic<Duration::rep> since_{-1};  // on the clock's elapsed() axis; a flag beside nothing, so any order will do
};

// A parameter with its type, as it goes over the wire; nullopt bytes: NULL.
struct PgParam {
  PgType type{};
  std::optional<std::string> bytes;
};
PgParam pg_param(const Param& param);

// A stream of rows. Dropped before its end, it takes the connection with it.
class PostgresAnswer {
 public:
  PostgresAnswer() = default;
  PostgresAnswer(PostgresAnswer&& other) noexcept { *this = std::move(other); }
  PostgresAnswer& operator=(PostgresAnswer&& other) noexcept;
  ~PostgresAnswer();

  Result<bool> next();  // to the next rows, at most limits::postgres_chunk_rows; false at the end
  std::size_t row_count() const { return rows_.size(); }
  const std::vector<std::string>& columns() const { return names_; }
  PgType type(std::size_t column) const { return types_[column]; }
  bool null(std::size_t row, std::size_t column) const { return PQgetisnull(rows_[row].get(), 0, int(column)) != 0; }
  std::string_view bytes(std::size_t row, std::size_t column) const {
    return {PQgetvalue(rows_[row].get(), 0, int(column)), std::size_t(PQgetlength(rows_[row].get(), 0, int(column)))};
  }
  CellReader cell(std::size_t row, std::size_t column, SqlType type) const {
    return {PQgetvalue(rows_[row].get(), 0, int(column)), null(row, column) ? -1 : PQgetlength(rows_[row].get(), 0, int(column)), type};
  }

 private:
  friend class PostgresConnection;
  void note_columns(const PGresult* result);

  PostgresConnection* connection_ = nullptr;  // while rows may follow
  std::vector<PgResult> rows_;
  PgResult first_;                            // read by open(), not yet handed out
  std::vector<std::string> names_;
  std::vector<PgType> types_;
  Duration deadline_ = Duration::max();
};

class PostgresConnection {
 public:
  // REQUIRES: clock and closing outlive it.
  static Result<std::unique_ptr<PostgresConnection>> open(const std::string& url, const Clock& clock, bool read_only, const PostgresClosing* closing = nullptr);

  bool broken() const { return broken_ || PQstatus(connection_.get()) != CONNECTION_OK; }
  void give_up() { broken_ = true; }  // closed when it is dropped
  void cancel();
  // Asked while answers are waited for; true: the connection is given up, and the server ends the statement when it notices. Empty: never.
  void stop_when(std::function<bool()> stop) { stop_ = std::move(stop); }
  bool in_transaction() const { return PQtransactionStatus(connection_.get()) != PQTRANS_IDLE; }
  // Whether the last failure was about the rows, and not about the world or the statement.
  bool data_refused() const;
  std::uint64_t warnings() const { return warnings_; }  // how many the server gave so far
  int server_version() const { return PQserverVersion(connection_.get()); }  // 150018
  std::string parameter(const char* name) const;                               // "server_encoding"

  // Several statements without parameters.
  Status script(const std::string& text, Duration patience = limits::postgres_patience);
  Status rollback();
  Status take_time(Duration patience);  // that statements may take until the end of this transaction
  // One statement; how many rows it changed.
  Result<std::uint64_t> run(std::string_view text, std::span<const PgParam> params, Duration patience = limits::postgres_patience);
  Result<std::uint64_t> run(std::string_view text, std::initializer_list<Param> params = {});
  // One statement, streamed; the first row is there when this returns. `deadline` is on the clock's elapsed() axis.
  Result<PostgresAnswer> open(std::string_view text, std::span<const Param> params, Duration deadline = Duration::max());
  Result<PostgresAnswer> open(std::string_view text, std::initializer_list<Param> params) {
    return open(text, std::span(params.begin(), params.size()));
  }
  // The single integer (or text) that `text` answers with; nullopt for no row or NULL.
  Result<std::optional<std::int64_t>> integer(std::string_view text, std::initializer_list<Param> params = {});
  Result<std::optional<std::string>> word(std::string_view text, std::initializer_list<Param> params = {});
  // `statement` is a COPY … FROM STDIN (FORMAT binary); `more` appends to the buffer and answers false at the end.
  Status copy(const std::string& statement, const std::function<bool(std::string&)>& more);

 private:
  friend class PostgresAnswer;
  friend class PostgresCopyOut;
  PostgresConnection() = default;
  Duration until(Duration patience) const;
  Status go_on();  // unless nobody waits any more
  Status wait(bool to_write, Duration deadline);
  Status flush(Duration deadline);
  Result<PgResult> result(Duration deadline);  // null: no more
  Result<PgResult> last_result(Duration deadline);
  Status limit_server(Duration deadline);
  Status send(std::string_view text, std::span<const PgParam> params, Duration deadline, bool row_by_row);
  std::unexpected<Error> failed(const PGresult* result, std::string_view doing = {});
  Status drain(Duration deadline);
  Status send_rows(const std::function<bool(std::string&)>& more, Duration deadline);

  std::unique_ptr<PGconn, PgFree> connection_;
  std::unique_ptr<PGcancel, PgFree> cancel_;
  const Clock* clock_ = nullptr;
  const PostgresClosing* closing_ = nullptr;
  bool broken_ = false;
  std::uint64_t warnings_ = 0;
  std::function<bool()> stop_;
  std::string state_;               // SQLSTATE of the last failure
  std::int64_t server_limit_ms_ = -1;  // statement_timeout as it was set last
};

}  // namespace aybiza
