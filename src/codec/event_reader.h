// Reads one event's JSON into an Event; the inner half of event_json.h.
//
// Shape    envelope first; `data` is read in place when its type is already known, else cut out and read after it.
// Errors   read() answers false after it has put the reason into the batch.
// Threads  none: owned by a JsonDecoder.
// Source   events.md "Envelope", "Types", "Checks".
#pragma once

#include <simdjson.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "codec/event_json.h"
#include "codec/json_fragment.h"
#include "codec/member_table.h"
#include "codec/time_text.h"

namespace aybiza {

class EventReader {
 public:
  EventReader();
  void start(const DecodeContext& context, EventBatch& batch);
  // `slice` lies in batch.body.
  bool read(std::size_t index, std::string_view slice);
  // A `sent_at` value: RFC 3339 text. nullopt: anything else.
  std::optional<Instant> read_sent_at(std::string_view token);

 private:
  enum class Pass { again, done, failed };
  struct ExtMember {
    std::string_view name;
    std::uint32_t at, size;  // in ext_text_
  };
  struct Envelope {
    EventType type = EventType::other;
    bool type_known = false, data_read = false;
    std::string_view type_text, id, source, deferred;
    std::optional<Instant> time, time_ns, time_ms, time_s;
  };

  void reset();
  Pass read_envelope(std::string_view slice, bool defer);
  bool read_member(simdjson::ondemand::field& field, bool defer, bool& again);
  bool read_type(simdjson::ondemand::value& value);
  bool read_data(simdjson::ondemand::value& value, bool defer);
  bool read_time(simdjson::ondemand::value& value);
  bool read_epoch(simdjson::ondemand::value& value, std::string_view name, std::int64_t per_second,
                  std::optional<Instant>& out);
  bool read_fields(simdjson::ondemand::object& object);
  bool read_deferred();
  bool read_field(const FieldInfo& about, simdjson::ondemand::value& value);
  bool wrong_type(const FieldInfo& about, simdjson::ondemand::value& value, std::string_view wanted);
  bool read_unknown_type_member(std::string_view name, simdjson::ondemand::value& value);
  bool read_text(const FieldInfo& about, simdjson::ondemand::value& value, std::string_view token,
                 std::size_t bytes_max);
  bool read_number(const FieldInfo& about, simdjson::ondemand::value& value, std::string_view token);
  bool read_time_field(const FieldInfo& about, simdjson::ondemand::value& value, std::string_view token);
  bool read_json(const FieldInfo& about, simdjson::ondemand::value& value, std::string_view token);
  bool read_tags(const FieldInfo& about, simdjson::ondemand::value& value, std::string_view token);
  bool read_vector(const FieldInfo& about, simdjson::ondemand::value& value, std::string_view token);
  bool add_ext(std::string_view name, simdjson::ondemand::value& value, std::size_t depth);
  bool read_label(std::string_view name, simdjson::ondemand::value& value, std::string_view& out);
  bool check_time(std::string_view name, Instant& t);  // shifts it, then holds it against `received`
  bool finish(std::size_t index, std::string_view slice);
  std::string_view finish_ext();

  void set(Field field, std::int64_t number, std::string_view text = {});
  bool refuse(RejectReason reason, std::string_view field, std::string_view message);
  bool refuse(FragmentError error, std::string_view field);
  JsonText text() { return {batch_->arena, keys_}; }

  simdjson::ondemand::parser parser_, data_parser_;
  const DecodeContext* context_ = nullptr;
  EventBatch* batch_ = nullptr;
  TimeText times_;
  // of the event being read
  std::size_t index_ = 0, keys_ = 0;
  Envelope envelope_;
  FieldSet present_;
  std::array<Value, field_count> slots_;
  std::vector<ExtMember> ext_;
  std::string ext_text_;
};

}  // namespace aybiza
