// What the webhooks of all vendors decode to, and the builder that their adapters share.
//
// Shape    a VendorEvent is filled field by field; finish() puts it into the batch. What does not fit its field is left
//          unknown and kept in ext (decisions.md 12): a vendor's odd value must not cost the call. The version of a record
//          is when it was said: of two records of one field, rank and event time, the later version has the last word,
//          because Event::id begins with it (assign_vendor_ids).
// Units    as the field's wire unit (model/field.h); adapters convert before.
// Errors   none here. Labels above limits::id_bytes and texts that are empty are unknown; text_content is cut.
// Threads  none: one batch and one builder per request.
// Source   ingest-formats.md 0.2-0.5; decisions.md 6, 12, 14.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "codec/event_batch.h"
#include "codec/json_node.h"
#include "codec/member_table.h"
#include "codec/vendor_outcome.h"

namespace aybiza {

// What stands beside an event until it has its ids.
struct VendorNames {
  std::string_view twilio_sid;  // the carrier's id of the same call, when the record names it
  Instant version;
};

struct VendorBatch {
  EventBatch events;
  std::vector<VendorNames> names;                  // one per event
  std::vector<std::string> ignored, unknown;       // types that were taken and are only counted; those nobody knows
  std::uint64_t cut_members = 0;                   // unknown members beyond limits::webhook_ext_bytes
  void clear();
};

struct VendorContext {
  std::string_view customer;  // of the source; empty: the platform
  Instant received;
  std::uint64_t body = 0;  // a hash of it; WebhookDecoder sets it
  std::string_view scope() const { return customer.empty() ? std::string_view("platform") : customer; }
};

std::string short_id(std::string_view id, std::size_t bytes);  // itself, or a hash of what is longer
bool is_twilio_sid(std::string_view text);  // "CA" and 32 hexadecimal digits
bool in_range(const VendorContext& context, Instant time);  // events.md "Checks"
// The time if it is there and in range.
std::optional<Instant> usable(const VendorContext& context, std::optional<Instant> time);
std::optional<Instant> instant_of_ms(std::optional<double> ms);
std::optional<Instant> instant_of_s(std::optional<double> s);

class VendorEvent {
 public:
  VendorEvent(VendorBatch& batch, const VendorContext& context, Vendor vendor)
      : batch_(batch), context_(context), vendor_(vendor) {}

  VendorEvent& start(EventType type, Rank rank, Instant time, std::string_view call);
  VendorEvent& text(Field field, std::string_view text);  // label, phone, text_content
  VendorEvent& word(Field field, std::string_view word);
  VendorEvent& number(Field field, std::optional<double> wire);
  VendorEvent& flag(Field field, std::optional<bool> value);
  VendorEvent& time(Field field, std::optional<Instant> time);
  VendorEvent& json(Field field, std::string_view fragment);  // entities, tools
  VendorEvent& end(const CallEnd& end, std::string_view reason);

  VendorEvent& ext(std::string_view name, const JsonNode& node);
  VendorEvent& ext(std::string_view name, std::string_view text);
  VendorEvent& ext(std::string_view name, std::optional<double> number);
  // Every scalar member of `node` that is neither in `known` nor a URL (those are bearer secrets).
  VendorEvent& rest(const JsonNode& node, std::span<const std::string_view> known);

  VendorEvent& twilio(std::string_view sid);
  // `record` names what this is, so that the same record sent twice is one: "turn:3". REQUIRES: start() before.
  void finish(std::string_view record, Instant version);
  // The same for a record of no type of ours: kept raw, with what ext holds.
  void finish_other(std::string_view type, std::string_view record, Instant version);
  // The same for a type nobody knows, counted besides: of the call that start() was told, or of none.
  void finish_unknown(std::string_view type, Instant version);

 private:
  void set(Field field, std::int64_t number, std::string_view text);
  void raw_ext(std::string_view name, std::string_view json);
  std::string_view keep(std::string_view text);

  VendorBatch& batch_;
  const VendorContext& context_;
  const Vendor vendor_;
  Event event_;
  std::string_view call_, sid_;
  FieldSet present_;
  std::array<Value, field_count> slots_;
  std::string ext_, scratch_;
};

// Gives masked events their ids: event.call from the vendor's id, event.agent, event.id from record and version.
void assign_vendor_ids(VendorBatch& batch, Vendor vendor, std::string_view customer);

}  // namespace aybiza
