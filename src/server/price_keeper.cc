#include "server/price_keeper.h"

#include <fmt/format.h>

#include "base/limits.h"

namespace aybiza {

using namespace std::chrono_literals;

PriceKeeper::PriceKeeper(Pipeline& pipeline, Ledger& ledger, const std::filesystem::path& data)
    : pipeline_(pipeline), ledger_(ledger), file_(price_file(data)), prices_(price_file(data)), book_(pipeline.prices()) {
  look();
  rhythm_ = std::make_unique<Periodic>("prices", 1s, [this] { look(); });
}

PriceKeeper::Status PriceKeeper::status() {
  const std::lock_guard lock(mutex_);
  return {book_, error_};
}

void PriceKeeper::look() {
  const std::lock_guard lock(mutex_);
  const auth::FileStamp stamp = auth::stamp_of(file_);
  if (stamp == seen_) return;
  if (const auto read = prices_.reload(); !read) {
    if (error_ != read.error().message)
      fmt::print(stderr, "aybiza: {}; the prices of before stay in force until the file is right (`aybiza price check` tells)\n", read.error().message);
    error_ = read.error().message;
    if (read.error().code != Code::io) seen_ = stamp;
    return;
  }
  const PriceBook wanted = prices_.table()->book;
  error_.clear();
  if (!(wanted == book_)) {
    const auto offset = order({.what = PriceOrder::What::book, .shipped = std::string(wanted.shipped()), .file = std::string(wanted.file()), .rerate = {}});
    if (!offset) {
      error_ = offset.error().message;  // the next beat tries again
      return;
    }
    pipeline_.wait_folded(limits::read_your_writes_timeout);
    book_ = wanted;
  }
  seen_ = stamp;
}

Result<std::uint64_t> PriceKeeper::order(const PriceOrder& order) {
  ledger_.offer("platform", 1);
  auto offset = pipeline_.order_prices(order);
  Ledger::Outcome outcome;
  if (offset) outcome.accepted = 1;
  else outcome.shed["spool"] = 1;
  ledger_.settle("platform", outcome);
  return offset;
}

}  // namespace aybiza
