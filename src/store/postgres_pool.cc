#include "store/postgres_pool.h"

#include "base/limits.h"

namespace aybiza {

Result<PostgresLease> PostgresPool::borrow(bool fresh) {
  const auto give_back = [this](PostgresConnection* connection) {
    std::unique_ptr<PostgresConnection> back(connection);
    back->stop_when({});
    if (!back->broken() && back->in_transaction() && !back->rollback()) back->give_up();
    const std::lock_guard lock(lending_);
    --lent_;
    if (!back->broken()) idle_.push_back(std::move(back));
  };
  std::unique_ptr<PostgresConnection> connection;
  {
    const std::lock_guard lock(lending_);
    if (lent_ == limits::store_readers)
      return fail(Code::unavailable, "{} answers are open already: try again", limits::store_readers);
    if (fresh) idle_.clear();
    if (!idle_.empty()) {
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
    ++lent_;
  }
  if (!connection) {
    auto made = closing_.begun() ? fail(Code::unavailable, "the program ends") : PostgresConnection::open(url_, clock_, true, &closing_);
    if (!made) {
      const std::lock_guard lock(lending_);
      --lent_;
      return std::unexpected(made.error());
    }
    connection = std::move(*made);
  }
  return PostgresLease(connection.release(), give_back);
}

}  // namespace aybiza
