// Brings the price list of the data directory into force: looks at the file once a second and puts what changed into the log.
//
// Shape    the book in force is what the log says, never the file: a file that is damaged changes nothing, and a start with the
//          same lists adds nothing. The program's own list is part of the book, so that a newer version's prices come into
//          force by an order too. An order counts as an event of the platform in the conservation ledger.
// Errors   of the file: told once to the operator, shown by status() until it is right again.
// Threads  status, look, order: any; the rhythm runs on a thread of its own. REQUIRES: pipeline and ledger outlive it.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include "ingest/ledger.h"
#include "runtime/periodic.h"
#include "server/pipeline.h"
#include "server/price_file.h"

namespace aybiza {

class PriceKeeper {
 public:
  PriceKeeper(Pipeline& pipeline, Ledger& ledger, const std::filesystem::path& data);
  ~PriceKeeper() { stop(); }
  PriceKeeper(const PriceKeeper&) = delete;

  struct Status {
    PriceBook book;      // in force
    std::string error;   // why the file is not in force; empty: it is
  };
  Status status();
  void look();                                           // now, and whatever changed is in force when it returns
  Result<std::uint64_t> order(const PriceOrder& order);  // counted
  void stop() { rhythm_.reset(); }

 private:
  Pipeline& pipeline_;
  Ledger& ledger_;
  const std::filesystem::path file_;
  std::mutex mutex_;  // guards what follows, and keeps two looks from ordering the same
  WatchedPrices prices_;
  auth::FileStamp seen_{.mtime_ns = -1, .bytes = 0, .inode = 0};
  PriceBook book_;
  std::string error_;
  std::unique_ptr<Periodic> rhythm_;
};

}  // namespace aybiza
