// What one span, log record or nested map tells, by fact; and the builder that turns it into events.
//
// Shape    FactSet: take() each list of attributes, then ask by fact. Of several names of one fact the alias table's first
//          has the last word, of equal names the later list, and in it the later attribute.
//          SpanEvent: start(), fields, finish(). What does not fit its field stays unknown (decisions.md 12).
// Units    FactSet::number in the alias table's units: times in milliseconds. SpanEvent takes wire units of model/field.h.
// Errors   none: what is not there or of another kind is unknown.
// Threads  none: owned by one assembler. Texts view the OtlpBatch or the EventBatch's arena.
// Source   ingest-formats.md 2.1, 0.3, 0.4.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "codec/alias_table.h"
#include "codec/event_batch.h"
#include "codec/event_json.h"
#include "codec/member_table.h"

namespace aybiza {

class FactSet {
 public:
  void clear() { place_.fill(0); }
  void take(const AliasTable& table, SpanSource source, OtlpAttributes attributes);
  // Members of members too, by names with dots.
  void take_nested(const AliasTable& table, SpanSource source, OtlpAttributes members);

  bool has(Fact fact) const { return place_[std::size_t(fact)] != 0; }
  const OtlpValue* value(Fact fact) const { return has(fact) ? &value_[std::size_t(fact)] : nullptr; }
  void set(Fact fact, const OtlpValue& value);  // if nobody told it
  std::string_view text(Fact fact) const;
  std::optional<double> number(Fact fact) const;  // a text of digits is one
  std::optional<bool> flag(Fact fact) const;      // "true", "false" and numbers too

 private:
  void take_member(const AliasTable& table, SpanSource source, std::string_view name, const OtlpValue& value, std::string& path);
  void put(const FactRule& rule, const OtlpValue& value);

  std::array<OtlpValue, fact_count> value_;
  std::array<double, fact_count> scale_{};
  std::array<std::uint16_t, fact_count> place_{};  // 0: unknown
};

struct CallRef {
  Id id;
  std::string_view text;  // the sender's
};

struct NamedCall {  // a call of a request, with what others may know it by
  Id id;
  std::string_view vendor, external;
  std::string_view twilio_sid;  // empty: not told
};

class SpanEvent {
 public:
  SpanEvent(EventBatch& batch, const DecodeContext& context) : batch_(&batch), context_(&context) {}

  SpanEvent& start(EventType type, Rank rank, Instant time, const CallRef& call);
  SpanEvent& text(Field field, std::string_view text);  // label, phone, text_content; cut where it is too long
  SpanEvent& word(Field field, std::string_view word);
  SpanEvent& number(Field field, std::optional<double> wire);
  SpanEvent& exactly(Field field, std::int64_t value);  // as the field's numbers are kept
  SpanEvent& raw(Field field, std::string_view bytes);
  SpanEvent& flag(Field field, std::optional<bool> value);
  SpanEvent& time(Field field, Instant time);
  SpanEvent& json(Field field, std::string_view fragment);
  // An attribute whose name is a member of the event type: false when it is none, or does not fit.
  bool member(std::string_view name, const OtlpValue& value);
  SpanEvent& ext(std::string_view name, const OtlpValue& value);
  SpanEvent& ext(std::string_view name, std::string_view text) { return ext(name, OtlpValue::of_text(text)); }
  SpanEvent& type_text(std::string_view text);
  // `index`: whose events of the request these are.
  void finish(Id id, std::string_view source, std::size_t index);

 private:
  void set(Field field, std::int64_t number, std::string_view text);

  EventBatch* batch_;
  const DecodeContext* context_;
  Event event_;
  FieldSet present_;
  std::array<Value, field_count> slots_;
  std::string ext_;
};

}  // namespace aybiza
