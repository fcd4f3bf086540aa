#include "aggregate/call_record.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"

namespace aybiza {
namespace {

Number known(std::int64_t value) { return value < 0 ? Number{} : Number(value); }

constexpr Field amount_fields[] = {Field::input_tokens, Field::cache_read_tokens, Field::cache_write_tokens,
                                   Field::output_tokens, Field::reasoning_tokens, Field::audio_input_tokens,
                                   Field::audio_output_tokens, Field::stt_seconds, Field::tts_characters,
                                   Field::telephony_seconds};

void write_turns(bytes::Writer& out, const std::vector<LiveTurn>& turns) {
  out.count(turns.size());
  Instant before{};
  for (const LiveTurn& turn : turns) {
    turn.state.write(out, std::exchange(before, turn.state.time()));
    const unsigned stored = turn.stored == turn.state.time() ? 1 : turn.stored == never ? 0 : 2;
    out.count(std::uint64_t(turn.turn_state) << 2 | stored);
    out.count(turn.intent);
    out.count(turn.emotion);
    if (stored == 2) out.instant(turn.stored);
  }
}

bool read_turns(bytes::Reader& in, std::vector<LiveTurn>& turns) {
  turns.resize(in.length(6));
  Instant before{};
  for (LiveTurn& turn : turns) {
    if (!turn.state.read(in, before)) return false;
    before = turn.state.time();
    const std::uint64_t head = in.count(), stored = head & 3;
    turn.turn_state = Label(head >> 2);
    turn.intent = Label(in.count());
    turn.emotion = Label(in.count());
    turn.stored = stored == 1 ? turn.state.time() : stored == 0 ? never : in.instant();
  }
  return !in.bad() && std::is_sorted(turns.begin(), turns.end(), [](const LiveTurn& a, const LiveTurn& b) {
    return a.state.number() < b.state.number();
  });
}

void write_usage(bytes::Writer& out, const std::vector<LiveUsage>& usage) {
  thread_local std::vector<const LiveUsage*> by_id;  // its memory serves again
  by_id.clear();
  for (const LiveUsage& use : usage) by_id.push_back(&use);
  const auto sooner = [](const LiveUsage* a, const LiveUsage* b) { return a->id < b->id; };
  if (!std::is_sorted(by_id.begin(), by_id.end(), sooner)) std::sort(by_id.begin(), by_id.end(), sooner);
  out.count(usage.size());
  Instant before{};
  for (const LiveUsage* one : by_id) {
    const LiveUsage& use = *one;
    out.id(use.id);
    out.instant(use.time, std::exchange(before, use.time));
    std::uint32_t present = 0;
    for (std::size_t i = 0; i < use.amount.size(); ++i) present |= use.amount[i] >= 0 ? 1u << i : 0;
    out.count(present);
    for (const std::int64_t amount : use.amount)
      if (amount >= 0) out.count(std::uint64_t(amount));
    out.count(std::uint64_t(use.cost_nano + 1));
    out.count(use.model);
    out.byte(std::uint8_t((use.reported ? 1 : 0) | (use.preliminary ? 2 : 0) | (use.book != 0 ? 4 : 0)));
    if (use.book != 0) out.count(use.book);
  }
}

std::uint64_t bit_of(const Id& id) { return std::uint64_t{1} << (IdHash{}(id) >> 58); }

bool read_usage(bytes::Reader& in, std::vector<LiveUsage>& usage) {
  usage.resize(in.length(20));
  Instant before{};
  for (LiveUsage& use : usage) {
    use.id = in.id();
    before = use.time = in.instant(before);
    const std::uint64_t present = in.count();
    for (std::size_t i = 0; i < use.amount.size(); ++i) use.amount[i] = (present >> i & 1) != 0 ? in.amount() : -1;
    use.cost_nano = in.amount() - 1;
    use.model = Label(in.count());
    const std::uint8_t flags = in.byte();
    use.reported = (flags & 1) != 0, use.preliminary = (flags & 2) != 0;
    if ((flags & 4) != 0) use.book = std::uint32_t(in.count());
    use.stored = true;  // what is packed or in a snapshot was handed out before
  }
  return !in.bad() && std::ranges::is_sorted(usage, {}, &LiveUsage::id);
}

}  // namespace

LiveUsage usage_of(const Event& event, Labels& labels) {
  LiveUsage usage;
  usage.id = event.id;
  usage.time = event.time;
  usage.amount.fill(-1);
  for (const Value& value : event.values) {
    if (value.field == Field::model) usage.model = labels.intern(value.text);
    if (value.field == Field::usage_preliminary) usage.preliminary = value.number == 1;
    if (value.field == Field::cost_usd) {
      usage.cost_nano = value.number;
      usage.reported = true;
    }
    if (value.field < Field::input_tokens || value.field > Field::telephony_seconds) continue;
    usage.amount[std::size_t(value.field) - std::size_t(Field::input_tokens)] = value.number;
  }
  static_assert(std::size(amount_fields) == std::tuple_size_v<decltype(usage.amount)> &&
                std::size_t(Field::telephony_seconds) - std::size_t(Field::input_tokens) == 9);
  return usage;
}

UsageRow LiveUsage::row(const Id& call, const Labels& labels) const {
  UsageRow row;
  row.id = id;
  row.call_id = call;
  row.time = time;
  row.model = labels.text(model);
  Number* into[] = {&row.input_tokens, &row.cache_read_tokens, &row.cache_write_tokens, &row.output_tokens,
                    &row.reasoning_tokens, &row.audio_input_tokens, &row.audio_output_tokens, &row.stt_us,
                    &row.tts_characters, &row.telephony_us};
  for (std::size_t i = 0; i < amount.size(); ++i) *into[i] = known(amount[i]);
  row.cost_nano = known(cost_nano);
  row.cost_source = reported ? CostSource::reported : row.cost_nano ? CostSource::priced : CostSource::unknown;
  row.stored = stored;
  return row;
}

UsageFacts LiveUsage::facts(bool call_reports_cost) const {
  UsageFacts facts;
  for (std::size_t i = 0; i < token_kinds; ++i) facts.tokens[i] = known(amount[i]);
  if (!call_reports_cost) {
    facts.cost_nano = known(cost_nano);
    facts.cost_unknown = cost_nano < 0;
  }
  return facts;
}

std::int64_t LiveUsage::all_tokens() const {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < token_kinds; ++i) sum += std::max<std::int64_t>(amount[i], 0);
  return sum;
}

LiveTurn* CallRecord::find_turn(std::int64_t number) {
  if (turns.empty() || turns.back().state.number() < number) return nullptr;  // the next one, nearly always
  const auto at = std::lower_bound(turns.begin(), turns.end(), number, [](const LiveTurn& turn, std::int64_t n) {
    return turn.state.number() < n;
  });
  return at != turns.end() && at->state.number() == number ? &*at : nullptr;
}

bool CallRecord::knows_usage(const Id& of) const {
  if ((usage_met & bit_of(of)) == 0) return false;
  if (usage.size() < usage_sorted) return std::ranges::find(usage, of, &LiveUsage::id) != usage.end();
  return std::ranges::binary_search(usage, of, {}, &LiveUsage::id);
}

void CallRecord::add_usage(const LiveUsage& one) {
  usage_met |= bit_of(one.id);
  if (usage.size() < usage_sorted) {
    usage.push_back(one);
    if (usage.size() == usage_sorted) std::ranges::sort(usage, {}, &LiveUsage::id);
    return;
  }
  usage.insert(std::ranges::upper_bound(usage, one.id, {}, &LiveUsage::id), one);
}

CallSpans& CallRecord::spans_of_call() {
  if (!spans) spans = std::make_unique<CallSpans>();
  return *spans;
}

std::optional<SampledCall> CallRecord::sampled(std::int64_t weight, bool reports_cost) const {
  if (weight == 1) return std::nullopt;
  SampledCall whole{.weight = weight};
  for (const LiveTurn& turn : turns) whole.add(turn.state.facts());
  for (const LiveUsage& use : usage) whole.add(use.facts(reports_cost));
  return whole;
}

void CallRecord::keep_told(std::string_view event, Instant received) {
  if (untold) return;
  if (event.empty() || told.size() + event.size() > limits::told_bytes_per_call) {
    untold = true;
    told = std::string();
    return;
  }
  bytes::Writer out(told);
  out.instant(received);
  out.text(event);
}

void CallRecord::forget_texts() {
  untold = true;
  told = std::string();
  if (spans) spans->keys.freeze();
  for (LiveTurn& turn : turns) turn.state.forget_texts();
}

void CallRecord::pack() {
  if (is_packed) return;
  forget_texts();
  bytes::Writer writer(packed);
  write_turns(writer, turns);
  write_usage(writer, usage);
  turns = std::vector<LiveTurn>();
  usage = std::vector<LiveUsage>();
  call.shrink();
  is_packed = true;
}

bool CallRecord::unpack() {
  if (!is_packed) return true;
  bytes::Reader in(packed);
  if (!read_parts(in) || !in.done()) return false;
  packed = std::string();
  is_packed = false;
  return true;
}

bool CallRecord::read_parts(bytes::Reader& in) {
  if (!read_turns(in, turns) || !read_usage(in, usage)) return false;
  for (const LiveUsage& one : usage) usage_met |= bit_of(one.id);
  return true;
}

const CallRecord& CallRecord::opened(CallRecord& room) const {
  if (!is_packed) return *this;
  room.packed = packed;
  room.is_packed = true;
  CHECK(room.unpack());  // our own bytes, or those restore() has read
  return room;
}

std::size_t CallRecord::freeze(std::string& out) const {
  const std::size_t before = out.size();
  bytes::Writer writer(out);
  write_head(writer, true);
  if (is_packed) {
    writer.text(packed);
  } else {  // as pack() and text() would, without a copy in between
    const std::size_t begin = out.size();
    write_turns(writer, turns);
    write_usage(writer, usage);
    std::string length;
    bytes::Writer(length).count(out.size() - begin);
    out.insert(begin, length);
  }
  write_tail(writer);
  const std::size_t written = out.size() - before;
  for (std::size_t i = 0; i < shared_axes; ++i) {
    writer.count(labels[i]);
    writer.count(series[i]);
  }
  for (const std::uint32_t outcome : outcome_series) writer.count(outcome);
  return written;
}

void CallRecord::thaw(std::string_view frozen) {
  bytes::Reader in(frozen);
  CHECK(read(in));
  for (std::size_t i = 0; i < shared_axes; ++i) {
    labels[i] = Label(in.count());
    series[i] = std::uint32_t(in.count());
  }
  for (std::uint32_t& outcome : outcome_series) outcome = std::uint32_t(in.count());
  CHECK(in.done() && !in.bad());
  counted = retained = true;
  pane_start = call.start();
  pane_facts = call.facts(sums);
}

std::size_t CallRecord::heap_bytes() const {
  std::size_t bytes = call.heap_bytes() + turns.capacity() * sizeof(LiveTurn) + usage.capacity() * sizeof(LiveUsage) + packed.capacity() + told.capacity();
  if (spans) bytes += sizeof(CallSpans) + spans->keys.heap_bytes() + spans->errors.capacity() * 8;
  for (const LiveTurn& turn : turns) bytes += turn.state.heap_bytes();
  return bytes;
}

void CallRecord::write(bytes::Writer& out) const {
  write_head(out, is_packed);
  if (is_packed) {
    out.text(packed);
  } else {
    write_turns(out, turns);
    write_usage(out, usage);
  }
  write_tail(out);
}

void CallRecord::write_head(bytes::Writer& out, bool packs) const {
  out.id(id);
  call.write(out);
  for (const std::int64_t* sum : {&sums.turns, &sums.interventions, &sums.response, &sums.response_n, &sums.stt, &sums.stt_n,
                                  &sums.llm, &sums.llm_n, &sums.tts, &sums.tts_n, &sums.sentiment_e4, &sums.sentiment_n,
                                  &sums.usages, &sums.unknown_costs, &sums.cost_nano, &sums.tokens})
    out.number(*sum);
  out.byte(std::uint8_t((packs ? 1 : 0) | (in_panes ? 2 : 0) | (stored_start != never ? 4 : 0) | (waiting ? 8 : 0) |
                        (stored_ended ? 16 : 0) | (spans ? 32 : 0) | (!told.empty() ? 64 : 0)));
}

void CallRecord::write_tail(bytes::Writer& out) const {
  out.count(interventions ? interventions->size() : 0);
  if (interventions)
    for (const InterventionRow& row : *interventions) {
      out.id(row.id);
      out.instant(row.time);
      out.text(row.kind);
      out.text(row.actor);
    }
  if (spans) {
    spans->keys.write(out);
    out.count(spans->errors.size());
    for (const std::uint64_t error : spans->errors) out.fixed(error);
    out.byte(std::uint8_t((spans->errors_told ? 1 : 0) | (spans->usage_is_final ? 2 : 0)));
  }
  if (!told.empty()) out.text(told);
  if (stored_start != never) out.instant(stored_start);
  out.instant(low);
  out.instant(high, low);
}

bool CallRecord::read(bytes::Reader& in) {
  id = in.id();
  if (!call.read(in)) return false;
  for (std::int64_t* sum : {&sums.turns, &sums.interventions, &sums.response, &sums.response_n, &sums.stt, &sums.stt_n,
                            &sums.llm, &sums.llm_n, &sums.tts, &sums.tts_n, &sums.sentiment_e4, &sums.sentiment_n,
                            &sums.usages, &sums.unknown_costs, &sums.cost_nano, &sums.tokens})
    *sum = in.number();
  const std::uint8_t flags = in.byte();
  is_packed = (flags & 1) != 0;
  in_panes = (flags & 2) != 0;
  waiting = (flags & 8) != 0, stored_ended = (flags & 16) != 0;
  if (is_packed) packed = in.text();
  else if (!read_parts(in)) return false;
  const std::size_t count = in.length(18);
  if (count > 0) interventions = std::make_unique<std::vector<InterventionRow>>(count);
  for (std::size_t i = 0; i < count; ++i) {
    InterventionRow& row = (*interventions)[i];
    row.id = in.id();
    row.call_id = id;
    row.time = in.instant();
    row.kind = in.text();
    row.actor = in.text();
  }
  if ((flags & 32) != 0) {
    CallSpans& of_spans = spans_of_call();
    if (!of_spans.keys.read(in)) return false;
    of_spans.errors.resize(in.length(8));
    for (std::uint64_t& error : of_spans.errors) error = in.fixed();
    const std::uint8_t known = in.byte();
    of_spans.errors_told = (known & 1) != 0, of_spans.usage_is_final = (known & 2) != 0;
  }
  sums.errors = errors();
  if ((flags & 64) != 0) told = in.text();
  untold = told.empty();
  stored_start = (flags & 4) != 0 ? in.instant() : never;
  low = in.instant();
  high = in.instant(low);
  return !in.bad();
}

}  // namespace aybiza
