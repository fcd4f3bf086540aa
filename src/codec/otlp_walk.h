// The walk that the three signals of OTLP share: resource, scope, item, whatever the order of fields.
//
// Shape    a Visitor answers to resource(reader), scope(reader), item(reader), broken(why). Two passes over a message, so
//          that what its items refer to is known before them; the first one only skips.
// Errors   Status as otlp_decoder.h says; what one item throws goes to broken() and ends with it.
// Threads  none.
// Source   ingest-formats.md 1.3 "Traps", 1.4.
#pragma once

#include "base/limits.h"
#include "base/status.h"
#include "codec/otlp_value_reader.h"

namespace aybiza {

inline constexpr std::string_view otlp_not_a_message = "the item is no protobuf message of its kind";

// The last field `tag` of `message`: an empty reader when there is none.
inline protobuf::Reader last_of(protobuf::Reader message, std::uint32_t tag) {
  protobuf::Reader found;
  while (message.next()) {
    if (message.tag_and_type() == tag) found = message.get_message();
    else message.skip();
  }
  return found;
}

template <typename Visitor>
void otlp_item(protobuf::Reader item, Visitor& visitor, std::size_t& broken) {
  std::string_view why;
  try {
    return visitor.item(item);
  } catch (const OtlpRefusal& refusal) {
    why = refusal.why;
  } catch (const protozero::exception&) {
    why = otlp_not_a_message;
  }
  // Each costs the price of an exception, so their number has a bound.
  if (++broken > limits::otlp_broken_items)
    throw OtlpWholeRefusal{Code::invalid, "too many broken items (otlp_broken_items); the request was refused whole"};
  visitor.broken(why);
}

// Resources and scopes count as items do: an empty one is two bytes on the wire and many in memory.
inline Status otlp_count(std::size_t& items) {
  if (++items <= limits::otlp_items) return {};
  return fail(Code::too_large, "a request holds at most {} items: send smaller batches", limits::otlp_items);
}

template <typename Visitor>
Status walk_otlp(std::string_view body, Visitor& visitor) {
  std::size_t items = 0, broken = 0;
  try {
    protobuf::Reader request(body.data(), body.size());
    while (request.next()) {
      if (request.tag_and_type() != protobuf::bytes(1)) {
        request.skip();
        continue;
      }
      protobuf::Reader of_resource = request.get_message();
      AYBIZA_TRY(otlp_count(items));
      visitor.resource(last_of(of_resource, protobuf::bytes(1)));
      while (of_resource.next()) {
        if (of_resource.tag_and_type() != protobuf::bytes(2)) {
          of_resource.skip();
          continue;
        }
        protobuf::Reader of_scope = of_resource.get_message();
        AYBIZA_TRY(otlp_count(items));
        visitor.scope(last_of(of_scope, protobuf::bytes(1)));
        while (of_scope.next()) {
          if (of_scope.tag_and_type() != protobuf::bytes(2)) {
            of_scope.skip();
            continue;
          }
          AYBIZA_TRY(otlp_count(items));
          otlp_item(of_scope.get_message(), visitor, broken);
        }
      }
    }
  } catch (const OtlpWholeRefusal& refusal) {
    return fail(refusal.code, "{}", refusal.why);
  } catch (const OtlpRefusal& refusal) {  // of a resource or a scope
    return fail(Code::invalid, "{}", refusal.why);
  } catch (const protozero::exception&) {
    return fail(Code::invalid, "the body is no protobuf message of an OTLP request");
  }
  return {};
}

}  // namespace aybiza
