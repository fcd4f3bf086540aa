// From decoded spans and log records to events of calls: what frameworks emit becomes turns, usage and calls here.
//
// Shape    each span and record is assembled alone and holds no state between requests: what belongs together says so by
//          the call (trace, or job, or conversation) and by Field::turn_key, and finds together in the fold
//          (assemble/turn_keys.h). So order, duplicates and delays change nothing, and a restart loses nothing.
//          A span that belongs to no call becomes a point of the distribution `span.duration`.
// Units    times as Instant; latencies as the wire's milliseconds.
// Errors   spans and records outside [now - 400 days, now + 5 minutes] or of a customer that is not the key's are refused
//          one by one, in EventBatch. Values that fit no field stay unknown. Unknown names are counted, never refused.
// Cost     about 1 us a span (bench/otlp_bench).
// Threads  none: one assembler per thread. Events view the OtlpBatch: it must outlive them.
// Source   ingest-formats.md 1.7, 2-4, 7.3; docs/ingest.md "Spans and log records".
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "codec/alias_table.h"
#include "codec/event_batch.h"
#include "codec/event_json.h"
#include "codec/json_value.h"
#include "codec/otlp_batch.h"
#include "codec/span_facts.h"
#include "model/metric_point.h"

namespace aybiza {

struct SpanCounts {
  std::uint64_t generic_spans = 0;      // became points of span.duration
  std::uint64_t told_elsewhere = 0;     // known spans that another one tells better
  std::uint64_t plain_records = 0;      // log records that say nothing of a call: kept raw
  std::uint64_t net_guards = 0;         // more cached than input tokens: the sender's input was net of the cache
};

class SpanAssembler {
 public:
  explicit SpanAssembler(const AliasTable& table = AliasTable::built_in()) : table_(table) {}

  // Appends to both; `spans` and `events` must live until the events are encoded.
  void assemble(const OtlpBatch& from, const DecodeContext& context, EventBatch& events, MetricBatch& metrics);
  // Events of type "livekit.session_report" among `events` (users post the report themselves) give way to what they tell.
  void expand_reports(const DecodeContext& context, EventBatch& events);

  // Asks assemble() to keep the names of the calls it meets; they view the request and the events.
  void want_names(bool wanted) { names_wanted_ = wanted; }
  const std::vector<NamedCall>& names() const { return names_; }  // of the last request

  const SpanCounts& counts() const { return counts_; }

 private:
  struct Item;    // one span or record being assembled
  struct Tokens;

  void span(const OtlpSpan& span, std::size_t index);
  void record(const OtlpLogRecord& record, std::size_t index);
  Item item_of(const OtlpLogRecord& record, std::size_t index);
  static bool is_unnamed_completion(const Item& item);
  bool begin(Item& item, std::string_view what);  // false: refused
  CallRef call_of(const Item& item);
  void note_carrier(const Item& item);
  CallRef call_named(std::string_view vendor, std::string_view hashed, std::string_view shown);

  void session(Item& item, OtlpAttributes attributes);
  void external_name(Item& item);
  void exchange(Item& item);
  void speech(Item& item, bool agent_speaks);
  void completion(Item& item, const OtlpSpan& span);
  void realtime(Item& item);
  void part(Item& item);
  void tool(Item& item);
  void whole_turn(Item& item, bool agent_speaks);
  void usage(Item& item, int preliminary);
  void error(Item& item);
  void generic(const OtlpSpan& span, Instant start, double ms);

  // genai_texts.cc
  struct Messages;    // what is known of a completion's input and output
  struct LastInput {  // of the messages of one completion's input
    const OtlpLogRecord* record;
    std::size_t index;
    std::uint64_t unix_nano;
    RecordRole role;
  };
  void take_lists(Item& item, OtlpAttributes attributes);
  void completion_texts(Item& item, const OtlpSpan& span);
  Messages messages_in(const FactSet& facts);
  void take_events(const OtlpSpan& span, Messages& messages);
  FactSet message_of(OtlpAttributes attributes, const OtlpValue& body);
  std::string said_in(const OtlpValue& content);
  std::string message_text(const OtlpValue& message);
  void content_record(Item& item, const OtlpLogRecord& record, RecordRole role);
  void last_inputs();
  void told_by_record(Item& item, std::string_view text, std::int64_t order, bool agent_speaks);
  void agent_of(Item& item);
  void note_joined(const Item& item, OtlpAttributes own);
  void joins_first();

  void chat_item(Item& item, const OtlpValue& value);
  void chat_items(Item& item);
  void final_usage(Item& item, std::span<const OtlpValue> list);
  void report(Item& item);
  void verdict(Item& item, RecordRole role);
  void score(Item& item);
  void plain_record(Item& item, const OtlpLogRecord& record);

  SpanEvent start(Item& item, EventType type, Instant time);
  SpanEvent turn(Item& item, Instant time, std::string_view key, bool agent_speaks);
  void finish(Item& item, SpanEvent& event, char which);
  Tokens tokens_of(const FactSet& facts, SpanSource source, std::string_view provider);

  const AliasTable& table_;
  JsonValueReader json_;
  SpanCounts counts_;
  // of the request being assembled
  const DecodeContext* context_ = nullptr;
  EventBatch* events_ = nullptr;
  MetricBatch* metrics_ = nullptr;
  std::string hashed_, scratch_;
  struct { std::string hashed; CallRef call; } last_call_;
  bool names_wanted_ = false;
  std::vector<NamedCall> names_;
  std::unordered_map<Id, std::size_t> named_;  // where in names_
  std::unordered_map<Id, LastInput> inputs_;   // by trace and span
  std::unordered_set<Id> joined_;              // traces whose conversation was told
  std::size_t joins_ = 0;                      // events that tell so
  struct { const OtlpResource* resource = nullptr; const OtlpScope* scope = nullptr; SpanSource source{}; FactSet facts; } base_;
};

}  // namespace aybiza
