// Prices: what usage costs by the book it was folded under, and what happens when the log brings another or asks to price anew.
#include <algorithm>

#include "aggregate/shard_state.h"
#include "base/check.h"

namespace aybiza {

// Every shard sees these events: only the first counts them.
void Shard::State::fold_prices(const Event& event) {
  if (options.index == 0) ++events;
  const auto order = decode_price_order(event.text(Field::price_order));
  if (!order) return;
  if (order->what == PriceOrder::What::rerate) rerate(order->rerate);
  else shelf.put(order->shipped, order->file);  // texts that are no list are not in force; nobody writes such
}

Number Shard::State::price(const CallRecord& record, const LiveUsage& usage) const {
  const PriceBook* book = shelf.find(usage.book);
  if (!book) return usage.cost();
  UsageRow row;
  row.time = usage.time;
  Number* kinds[] = {&row.input_tokens, &row.cache_read_tokens, &row.cache_write_tokens, &row.output_tokens,
                     &row.reasoning_tokens, &row.audio_input_tokens, &row.audio_output_tokens, &row.stt_us,
                     &row.tts_characters, &row.telephony_us};
  for (std::size_t i = 0; i < usage.amount.size(); ++i)
    if (usage.amount[i] >= 0) *kinds[i] = usage.amount[i];
  // Of tokens it is the context's model, which needs no copy; without any it may be that of speech.
  const std::string_view own = labels.text(usage.model);
  if (std::all_of(usage.amount.begin(), usage.amount.begin() + token_kinds, [](std::int64_t amount) { return amount < 0; })) row.model = own;
  return book->cost_of(row, PriceContext{.customer = record.call.customer(),
                                         .model = own.empty() ? record.call.dimension(Field::model_used) : own,
                                         .provider_llm = record.call.dimension(Field::provider_llm),
                                         .provider_stt = record.call.dimension(Field::provider_stt),
                                         .provider_tts = record.call.dimension(Field::provider_tts),
                                         .carrier = record.call.dimension(Field::carrier)});
}

// `reported_before`: how the usage is counted until then.
void Shard::State::reprice(CallRecord& record, LiveUsage& usage, bool reported_before) {
  const UsageFacts old = usage.facts(reported_before);
  if (!usage.reported) {
    const std::int64_t cost = price(record, usage).value_or(-1);
    if (cost != usage.cost_nano) {
      record.sums.add_usage(usage.cost(), usage.all_tokens(), -1);
      usage.cost_nano = cost;
      record.open(usage);
      record.sums.add_usage(usage.cost(), usage.all_tokens(), 1);
    }
  }
  const UsageFacts fresh = usage.facts(record.call.reports_cost());
  if (fresh == old || !record.counted) return;
  each_series(record, usage, Axes().set(), [&](std::uint32_t id) {
    change(id, usage.time, [&](Tally& tally) { tally.amend(old, fresh); });
  });
}

void Shard::State::reprice(CallRecord& record, bool reported_before) {
  if (record.sums.usages == 0) return;
  unpack(record);
  for (LiveUsage& usage : record.usage) reprice(record, usage, reported_before);
}

// The store prices its own rows anew (store/rerate.h) when the rows up to here are in it. So of a call that it has whole, only
// the figures here change; of one that waits to be written, all of its usage is written once more, because the store may lack
// what it is priced by. Of calls let go the store alone prices the usage: their share of the panes stays as it was, live state
// answers from there on, and what their bytes say is no longer so.
void Shard::State::rerate(const Rerate& order) {
  cold.drop_bytes();
  if (order.from < calls_since) exact_since = std::max(exact_since, std::min(order.to, calls_since));
  for (Slot slot = 0; slot < calls.size(); ++slot) {
    if (!held(slot) || !reaches(slot, order.from, order.to)) continue;
    keep(slot);
    const bool was_frozen = !calls[slot];
    CallRecord& record = was_frozen ? thaw(slot) : *calls[slot];
    if (record.sums.usages != 0 && (order.customer.empty() || record.call.customer() == order.customer)) rerate(record, order);
    if (was_frozen) freeze(slot);
  }
}

void Shard::State::rerate(CallRecord& record, const Rerate& order) {
  const bool was_packed = record.is_packed, waits = record.touched || record.waiting;
  CHECK(record.unpack());  // our own bytes
  uncount_sampled(record);
  for (LiveUsage& usage : record.usage) {
    if (!order.covers(usage.time, record.call.customer())) continue;
    usage.book = shelf.current();
    reprice(record, usage, record.call.reports_cost());
    if (waits) record.open(usage);
    else if (std::exchange(usage.dirty, false)) --record.open_usage;
  }
  refresh_panes(record);
  if (waits) mark(record);
  if (!was_packed) return;
  if (record.open_usage == 0) record.pack();
  else to_pack.push_back({record.slot, record.id});  // once they are handed out
}

}  // namespace aybiza
