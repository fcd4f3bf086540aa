#include "ingest/prepare.h"

#include <numeric>

#include "codec/event_binary.h"
#include "codec/json_writer.h"

namespace aybiza {
namespace {

std::string errors_of(const EventBatch& batch) {
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  for (const EventError& error : batch.errors) {
    json.begin_object().member("index", error.index);
    json.key("id").string_or_null(error.id);
    json.member("code", error.code).member("field", error.field).member("message", error.message).end_object();
  }
  json.end_array();
  return out;
}

}  // namespace

std::size_t Prepared::offered() const {
  return items.size() + sampled + std::accumulate(rejected.begin(), rejected.end(), std::size_t(0));
}

Result<Prepared> Preparer::prepare(BodyFormat format, std::string body, const DecodeContext& context, const MetricSampler* sampler,
                                   CallSampler* calls) {
  const std::size_t bytes = body.size();
  AYBIZA_TRY(decoder_.decode(format, std::move(body), context, batch_));
  const auto broken = batch_.rejected[std::size_t(RejectReason::invalid_json)];
  if (broken > 0 && broken == batch_.offered()) return fail(Code::invalid, "no event of the body is JSON");
  assembler_.expand_reports(context, batch_);
  Prepared out;
  out.rejected = batch_.rejected;
  out.errors_json = errors_of(batch_);
  out.masked = masker_.mask(batch_, context.customer, context.received);
  identity_.assign(batch_, context.customer);
  if (sampler != nullptr) out.sampled = sampler->sample(batch_, context.customer, context.received);
  if (calls != nullptr) out.sampled += calls->sample(batch_, context.received);
  out.items.reserve(batch_.events.size());
  out.bytes.reserve(bytes / 2 + 256);
  for (const Event& event : batch_.events) {
    const std::size_t before = out.bytes.size();
    append_event(out.bytes, event);
    out.items.push_back({.id = event.id, .size = std::uint32_t(out.bytes.size() - before)});
    if (event.type == EventType::other) ++out.unknown_types;
  }
  if (bytes > limits::preparer_keeps_bytes) batch_ = {};  // one large request does not cost every thread for ever
  return out;
}

}  // namespace aybiza
