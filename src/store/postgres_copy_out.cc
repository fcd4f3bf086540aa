#include "store/postgres_copy_out.h"

#include <utility>

namespace aybiza {
namespace {

constexpr std::size_t header_bytes = 19;  // signature, flags, length of the extension

}  // namespace

Result<PostgresCopyOut> PostgresCopyOut::open(PostgresConnection& connection, std::string_view select, Duration deadline) {
  if (Status told = connection.limit_server(deadline); !told) return std::unexpected(told.error());
  PostgresCopyOut out(connection, deadline == Duration::max() ? deadline : deadline + limits::postgres_grace);
  connection.state_.clear();
  if (PQsendQuery(connection.connection_.get(), fmt::format("COPY ({}) TO STDOUT (FORMAT binary)", select).c_str()) == 0) return connection.failed(nullptr);
  AYBIZA_TRY(connection.flush(out.deadline_));
  auto ready = connection.last_result(out.deadline_);
  if (!ready) {
    out.connection_ = nullptr;  // the server has said why, and takes the next statement
    return std::unexpected(ready.error());
  }
  if (PQresultStatus(ready->get()) != PGRES_COPY_OUT) return fail(Code::invalid, "this is no COPY TO STDOUT");
  return out;
}

PostgresCopyOut::PostgresCopyOut(PostgresCopyOut&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)), deadline_(other.deadline_), buffer_(std::move(other.buffer_)), at_(other.at_),
      cells_(std::move(other.cells_)), begun_(other.begun_) {}

PostgresCopyOut::~PostgresCopyOut() {
  if (connection_) connection_->give_up();
}

// Places in the buffer stay what they are: it only grows here.
Result<bool> PostgresCopyOut::more() {
  PGconn* server = connection_->connection_.get();
  for (;;) {
    char* bytes = nullptr;
    const int got = PQgetCopyData(server, &bytes, 1);
    if (got > 0) {
      buffer_.append(bytes, std::size_t(got));
      PQfreemem(bytes);
      return true;
    }
    if (got == -1) return false;
    if (got < 0) return connection_->failed(nullptr);
    if (Status ready = connection_->wait(false, deadline_); !ready) return std::unexpected(ready.error());
    if (PQconsumeInput(server) == 0) return connection_->failed(nullptr);
  }
}

Status PostgresCopyOut::have(std::size_t bytes) {
  while (buffer_.size() - at_ < bytes) {
    const auto got = more();
    if (!got) return std::unexpected(got.error());
    if (*got) continue;
    AYBIZA_TRY(finish());
    return fail(Code::unavailable, "PostgreSQL broke off in the middle of its rows");
  }
  return {};
}

std::int32_t PostgresCopyOut::integer(std::size_t bytes) {
  const std::int64_t value = read_integer(std::string_view(buffer_).substr(at_, bytes));
  at_ += bytes;
  return static_cast<std::int32_t>(value);
}

// The server says how it ended.
Status PostgresCopyOut::finish() {
  PostgresConnection& connection = *std::exchange(connection_, nullptr);
  const auto done = connection.last_result(deadline_);
  if (done) return {};
  return std::unexpected(done.error());
}

Status PostgresCopyOut::begin() {
  AYBIZA_TRY(have(header_bytes));
  at_ += header_bytes - 4;
  const auto extension = std::size_t(integer(4));
  AYBIZA_TRY(have(extension));
  at_ += extension;
  begun_ = true;
  return {};
}

Status PostgresCopyOut::read_row(std::size_t columns) {
  cells_.resize(columns);
  for (Place& place : cells_) {
    AYBIZA_TRY(have(4));
    place.length = integer(4);
    place.at = at_;
    if (place.length <= 0) continue;
    AYBIZA_TRY(have(std::size_t(place.length)));
    at_ += std::size_t(place.length);
  }
  return {};
}

Result<bool> PostgresCopyOut::next() {
  if (!connection_) return false;
  buffer_.erase(0, std::exchange(at_, 0));  // a message is a row: nothing is left, as a rule
  if (Status wanted = connection_->go_on(); !wanted) return std::unexpected(wanted.error());
  if (!begun_) AYBIZA_TRY(begin());
  AYBIZA_TRY(have(2));
  if (const std::int32_t columns = integer(2); columns >= 0) {
    AYBIZA_TRY(read_row(std::size_t(columns)));
    return true;
  }
  for (;;) {  // behind the trailer libpq hears that it is over
    const auto rest = more();
    if (!rest) return std::unexpected(rest.error());
    if (!*rest) break;
    buffer_.clear(), at_ = 0;
  }
  AYBIZA_TRY(finish());
  return false;
}

}  // namespace aybiza
