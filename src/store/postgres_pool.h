// A bounded pool of connections that only read.
//
// Errors   unavailable: limits::store_readers answers are open already, the server is not there, or the program ends and a connection would have to be made.
// Threads  any.
#pragma once

#include <mutex>

#include "store/postgres_rows.h"
#include "store/store.h"

namespace aybiza {

class PostgresPool {
 public:
  // REQUIRES: clock and closing outlive the pool, and the pool what it lends.
  PostgresPool(std::string url, const Clock& clock, const PostgresClosing& closing) : url_(std::move(url)), clock_(clock), closing_(closing) {}
  PostgresPool(const PostgresPool&) = delete;  // one per store
  PostgresPool& operator=(const PostgresPool&) = delete;

  // `fresh`: those that lie idle are closed first.
  Result<PostgresLease> borrow(bool fresh);

  // A connection that lay idle may have died with a server that was restarted: then once more with a new one.
  template <typename Read>
  auto reading(const Read& read, Duration deadline = no_deadline) -> decltype(read(std::declval<PostgresLease&>())) {
    for (const bool fresh : {false, true}) {
      auto lease = borrow(fresh);
      if (!lease) return std::unexpected(lease.error());
      PostgresConnection* connection = lease->get();
      auto out = read(*lease);
      const bool lost = !out && *lease && connection->broken();
      if (!lost || fresh || (deadline != no_deadline && clock_.elapsed() > deadline)) return out;
    }
    return fail(Code::unavailable, "no connection");
  }

 private:
  const std::string url_;
  const Clock& clock_;
  const PostgresClosing& closing_;
  std::mutex lending_;
  std::vector<std::unique_ptr<PostgresConnection>> idle_;  // behind lending_
  std::size_t lent_ = 0;                                   // behind lending_
};

}  // namespace aybiza
