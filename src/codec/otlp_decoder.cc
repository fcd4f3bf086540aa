#include "codec/otlp_decoder.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/check.h"
#include "codec/otlp_walk.h"

namespace aybiza {
namespace {

using protobuf::bytes;
using protobuf::fixed64;
using protobuf::varint;

std::uint64_t big_endian(const char* from) {
  std::uint64_t word;
  std::memcpy(&word, from, 8);
  if constexpr (std::endian::native == std::endian::little) word = __builtin_bswap64(word);
  return word;
}
Id trace_id_of(std::string_view raw) { return raw.size() == 16 ? Id{big_endian(raw.data()), big_endian(raw.data() + 8)} : Id{}; }
std::uint64_t span_id_of(std::string_view raw) { return raw.size() == 8 ? big_endian(raw.data()) : 0; }

OtlpScope scope_of(protobuf::Reader message, OtlpValueReader& values) {
  OtlpScope out;
  const std::size_t list = values.open();
  while (message.next()) {
    switch (message.tag_and_type()) {
      case bytes(1): out.name = values.text(message.get_view()); break;
      case bytes(2): out.version = values.text(message.get_view()); break;
      case bytes(3): values.add(list, message.get_message()); break;
      default: message.skip();
    }
  }
  out.attributes = values.close(list);
  return out;
}

OtlpResource resource_of(protobuf::Reader message, OtlpValueReader& values) {
  const std::size_t list = values.open();
  while (message.next()) {
    if (message.tag_and_type() == bytes(1)) values.add(list, message.get_message());
    else message.skip();
  }
  return {values.close(list)};
}

// Puts what the walk finds into a batch; `read` is the item's reader.
template <typename Item, typename Read>
struct OtlpFiller {
  OtlpBatch& batch;
  OtlpValueReader& values;
  std::vector<Item>& items;
  Read read;

  void resource(protobuf::Reader message) {
    values.start_item(batch.arena);
    batch.resources.push_back(resource_of(message, values));
  }
  void scope(protobuf::Reader message) {
    values.start_item(batch.arena);
    batch.scopes.push_back(scope_of(message, values));
  }
  void item(protobuf::Reader message) {
    values.start_item(batch.arena);
    Item out;
    out.resource = &batch.resources.back();
    out.scope = &batch.scopes.back();
    if (const char* why = read(message, out)) return batch.reject(why);
    items.push_back(out);
  }
  void broken(std::string_view why) { batch.reject(why); }
};
template <typename Item, typename Read>
OtlpFiller(OtlpBatch&, OtlpValueReader&, std::vector<Item>&, Read) -> OtlpFiller<Item, Read>;

}  // namespace

Status OtlpDecoder::decode(OtlpSignal signal, std::string body, OtlpBatch& batch) {
  CHECK(signal != OtlpSignal::metrics);
  batch.clear();
  batch.body = std::move(body);
  Status status;
  if (signal == OtlpSignal::traces) {
    OtlpFiller filler{batch, values_, batch.spans, [this](protobuf::Reader message, OtlpSpan& span) -> const char* {
                        read_span(message, span);
                        if (span.trace_id.empty()) return "trace_id must be 16 bytes, not all zero";
                        if (span.span_id == 0) return "span_id must be 8 bytes, not all zero";
                        return nullptr;
                      }};
    status = walk_otlp(batch.body, filler);
  } else {
    OtlpFiller filler{batch, values_, batch.logs, [this](protobuf::Reader message, OtlpLogRecord& record) -> const char* {
                        read_log(message, record);
                        return nullptr;
                      }};
    status = walk_otlp(batch.body, filler);
  }
  if (!status) batch.spans.clear(), batch.logs.clear();
  return status;
}

void OtlpDecoder::read_span(protobuf::Reader message, OtlpSpan& span) {
  events_.clear();
  const std::size_t list = values_.open();
  while (message.next()) {
    switch (message.tag_and_type()) {
      case bytes(1): span.trace_id = trace_id_of(message.get_view()); break;
      case bytes(2): span.span_id = span_id_of(message.get_view()); break;
      case bytes(4): span.parent_span_id = span_id_of(message.get_view()); break;
      case bytes(5): span.name = values_.text(message.get_view()); break;
      case varint(6): {
        const std::int32_t kind = message.get_enum();
        span.kind = kind >= 0 && kind <= 5 ? OtlpSpanKind(kind) : OtlpSpanKind::unspecified;
        break;
      }
      case fixed64(7): span.start_unix_nano = message.get_fixed64(); break;
      case fixed64(8): span.end_unix_nano = message.get_fixed64(); break;
      case bytes(9): values_.add(list, message.get_message()); break;
      case bytes(11): read_event(message.get_message()); break;
      case bytes(15): read_status(message.get_message(), span); break;
      default: message.skip();
    }
  }
  Arena& arena = values_.arena();
  span.attributes = values_.close(list);
  const auto events = arena.array<OtlpSpanEvent>(events_.size());
  std::copy(events_.begin(), events_.end(), events.begin());
  span.events = events;
}

void OtlpDecoder::read_status(protobuf::Reader message, OtlpSpan& span) {
  while (message.next()) {
    switch (message.tag_and_type()) {
      case bytes(2): span.status_message = values_.text(message.get_view()); break;
      case varint(3): {
        const std::int32_t code = message.get_enum();
        span.status = code >= 0 && code <= 2 ? OtlpStatus(code) : OtlpStatus::unset;
        break;
      }
      default: message.skip();
    }
  }
}

void OtlpDecoder::read_event(protobuf::Reader message) {
  if (events_.size() >= limits::otlp_attributes) throw OtlpRefusal{"too many events in a span (otlp_attributes)"};
  OtlpSpanEvent out;
  const std::size_t list = values_.open();
  while (message.next()) {
    switch (message.tag_and_type()) {
      case fixed64(1): out.time_unix_nano = message.get_fixed64(); break;
      case bytes(2): out.name = values_.text(message.get_view()); break;
      case bytes(3): values_.add(list, message.get_message()); break;
      default: message.skip();
    }
  }
  out.attributes = values_.close(list);
  events_.push_back(out);
}

void OtlpDecoder::read_log(protobuf::Reader message, OtlpLogRecord& record) {
  const std::size_t list = values_.open();
  while (message.next()) {
    switch (message.tag_and_type()) {
      case fixed64(1): record.time_unix_nano = message.get_fixed64(); break;
      case varint(2): record.severity = message.get_enum(); break;
      case bytes(3): record.severity_text = values_.text(message.get_view()); break;
      case bytes(5): record.body = values_.value(message.get_message()); break;
      case bytes(6): values_.add(list, message.get_message()); break;
      case bytes(9): record.trace_id = trace_id_of(message.get_view()); break;
      case bytes(10): record.span_id = span_id_of(message.get_view()); break;
      case fixed64(11): record.observed_unix_nano = message.get_fixed64(); break;
      case bytes(12): record.event_name = values_.text(message.get_view()); break;
      default: message.skip();
    }
  }
  record.attributes = values_.close(list);
}

}  // namespace aybiza
