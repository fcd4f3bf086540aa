// Orders about prices: into the log, out of it, and into the store.
#include <fmt/format.h>

#include <filesystem>
#include <future>

#include "assemble/bytes.h"
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

struct KeptOrder {
  std::uint64_t offset = 0;
  PriceOrder order;
};
std::filesystem::path orders_file(const std::filesystem::path& data) { return data / "prices.orders"; }
std::filesystem::path first_file(const std::filesystem::path& data) { return data / "prices.first"; }

Result<std::vector<KeptOrder>> kept_orders(const std::filesystem::path& data) {
  std::vector<KeptOrder> out;
  const auto text = auth::read_file(orders_file(data));
  if (!text && text.error().code == Code::not_found) return out;
  if (!text) return std::unexpected(text.error());
  bytes::Reader in(*text);
  while (!in.done() && !in.bad()) {
    const std::uint64_t offset = in.count();
    const auto order = decode_price_order(in.text());
    if (in.bad() || !order) return fail(Code::corrupt, "{} is damaged: restore it, costs of the log depend on it", orders_file(data).string());
    out.push_back({offset, *order});
  }
  return out;
}

Result<PriceBook> book_of(const std::filesystem::path& file, std::string_view shipped, std::string_view own) {
  auto book = PriceBook::of(shipped, own);
  if (!book) return fail(Code::corrupt, "{}: {}; restore the file, costs of the log depend on it", file.string(), book.error().message);
  return book;
}

}  // namespace

Result<PriceBook> prices_before(const std::filesystem::path& data, std::uint64_t offset) {
  const auto orders = kept_orders(data);
  if (!orders) return std::unexpected(orders.error());
  for (auto kept = orders->rbegin(); kept != orders->rend(); ++kept)
    if (kept->offset < offset) return book_of(orders_file(data), kept->order.shipped, kept->order.file);
  const auto text = auth::read_file(first_file(data));
  if (text) return book_of(first_file(data), *text, "");
  if (text.error().code != Code::not_found) return std::unexpected(text.error());
  return PriceBook::built_in();
}

Status Pipeline::keep_first_prices() const {
  const auto file = first_file(options_.data);
  return std::filesystem::exists(file) ? Status() : auth::replace_file(file, PriceBook::built_in().shipped(), 0600);
}

// The router meets every order before the log may let go of it. What cannot be written now is told: it matters to those who
// read a log without its beginning.
void Pipeline::remember_order(std::uint64_t offset, const PriceOrder& order) {
  if (offset <= ordered_) return;
  ordered_ = offset;
  auto orders = kept_orders(options_.data);
  if (orders && !orders->empty() && orders->back().offset >= offset) return;
  Status done = orders ? Status() : Status(std::unexpected(orders.error()));
  if (orders) {
    orders->push_back({offset, order});
    if (orders->size() > limits::price_books_held) orders->erase(orders->begin());
    std::string text;
    bytes::Writer out(text);
    for (const KeptOrder& kept : *orders) {
      out.count(kept.offset);
      out.text(encode(kept.order));
    }
    done = auth::replace_file(orders_file(options_.data), text, 0600);
  }
  if (!done) fmt::print(stderr, "aybiza: the order of prices at {} is in the log but not beside it: {}\n", offset, done.error().message);
}

// An order about prices is the first event of a collection: what came before is in the store whole, priced as it was then.
void Pipeline::before_order(const spool::RecordView& record, std::size_t& waiting) {
  const auto order = price_order_of(record);
  if (!order) return;
  const std::uint64_t offset = record.end().value - 1;
  if (order->what == PriceOrder::What::book) remember_order(offset, *order);
  if (offset <= collected_) return;  // the store has it behind
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
