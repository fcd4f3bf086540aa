// Orders about prices: into the log, out of it, and into the store.
#include <future>

#include "assemble/price_order.h"
#include "auth/file.h"
#include "base/limits.h"
#include "codec/event_binary.h"
#include "server/pipeline.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t rerates_remembered = 16;  // reports, for those who wait for one

std::optional<PriceOrder> price_order_of(const spool::RecordView& record) {
  thread_local std::vector<Value> values;
  if (record.count() != 1) return std::nullopt;  // they travel alone
  const auto decoded = decode_event(record.event(0).bytes, values);
  if (!decoded || decoded->event.type != EventType::prices) return std::nullopt;
  return decode_price_order(decoded->event.text(Field::price_order));
}

}  // namespace

Result<PriceBook> first_prices(const std::filesystem::path& data) {
  const auto file = data / "prices.first";
  auto text = auth::read_file(file);
  if (!text && text.error().code != Code::not_found) return std::unexpected(text.error());
  if (text) {
    auto book = PriceBook::of(*text, "");
    if (!book) return fail(Code::corrupt, "{}: {}; restore the file, costs of the log depend on it", file.string(), book.error().message);
    return book;
  }
  return PriceBook::built_in();
}

Status Pipeline::keep_first_prices(const PriceBook& first) const {
  const auto file = options_.data / "prices.first";
  return std::filesystem::exists(file) ? Status() : auth::replace_file(file, first.shipped(), 0600);
}

// An order about prices is the first event of a collection: what came before is in the store whole, priced as it was then.
void Pipeline::before_order(const spool::RecordView& record, std::size_t& waiting) {
  const auto order = price_order_of(record);
  if (!order || record.end().value - 1 <= collected_) return;  // the store has it behind
  flush_chunks();
  waiting = 0;
  collect(true, true);
  if (order->what == PriceOrder::What::rerate) rerate_ = order->rerate;
}

Status Pipeline::rerate(Collection& collection) {
  auto report = rerate_store(*store_, *collection.rerate, collection.prices, [this] { return stopping_.load(); });
  if (!report) return std::unexpected(report.error());
  collection.rerate.reset();
  std::lock_guard lock(mutex_);
  rerated_.emplace_back(collection.rows.to, *report);
  if (rerated_.size() > rerates_remembered) rerated_.pop_front();
  return {};
}

Result<std::uint64_t> Pipeline::order_prices(const PriceOrder& order) {
  const std::string bytes = encode(order);
  const Value value{.field = Field::price_order, .number = 0, .text = bytes};
  Event event;
  event.type = EventType::prices;
  event.time = clock_.now();
  event.source = "prices";
  event.values = std::span(&value, 1);
  spool::AppendRequest request;
  append_event(request.bytes, event);
  request.received = event.time;
  request.items.push_back({.id = {}, .size = std::uint32_t(request.bytes.size())});
  auto result = std::make_shared<std::promise<spool::AppendResult>>();
  request.done = [result](const spool::AppendResult& done) { result->set_value(done); };
  if (const auto admission = spool_->append(std::move(request)); admission != spool::Admission::taken)
    return fail(Code::unavailable, "the log takes nothing now: {}", spool::reason(admission));
  const spool::AppendResult done = result->get_future().get();
  if (!done.status) return std::unexpected(done.status.error());
  return done.last.value;
}

PriceBook Pipeline::prices() {
  PriceBook book;
  shards_->run_all([&](std::size_t i, Shard& shard) {
    if (i == 0) book = shard.prices();
  });
  return book;
}

std::optional<RerateReport> Pipeline::wait_rerated(std::uint64_t offset, Duration patience) {
  std::unique_lock lock(mutex_);
  const auto until = clock_.elapsed() + patience;
  while (stats_.applied < offset) {
    hurry_ = true;
    if (clock_.elapsed() >= until) return std::nullopt;
    applied_changed_.wait_for(lock, 10ms);
  }
  for (const auto& [applied, report] : rerated_)
    if (applied >= offset) return report;
  return std::nullopt;
}

}  // namespace aybiza
