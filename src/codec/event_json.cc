#include "codec/event_json.h"

#include <cstdlib>

#include "base/limits.h"
#include "codec/event_reader.h"

namespace aybiza {

class JsonDecoder::Impl {
 public:
  Status decode(BodyFormat format, std::string body, const DecodeContext& context, EventBatch& batch) {
    batch.clear();
    const std::size_t bytes = body.size();
    batch.body = std::move(body);
    batch.body.append(EventBatch::padding, '\0');
    AYBIZA_TRY(split_body(format, std::string_view(batch.body).substr(0, bytes), slices_));
    if (format == BodyFormat::ndjson && slices_.events.empty()) return fail(Code::invalid, "the body holds no event");
    const DecodeContext own{.customer = batch.arena.copy(context.customer),
                            .source = batch.arena.copy(context.source),
                            .received = context.received};
    reader_.start(own, batch);
    AYBIZA_TRY(set_shift(own, batch));
    for (std::size_t i = 0; i < slices_.events.size(); ++i) reader_.read(i, slices_.events[i]);
    return {};
  }

 private:
  // A sender's clock that is wrong is wrong by the same for the whole batch (decisions.md 17).
  Status set_shift(const DecodeContext& context, EventBatch& batch) {
    if (slices_.sent_at.empty() || slices_.sent_at == "null") return {};
    const auto sent = reader_.read_sent_at(slices_.sent_at);
    if (!sent) return fail(Code::invalid, "sent_at must be RFC 3339 with an offset, like 2026-11-21T09:00:00Z");
    const Duration skew = context.received - *sent;
    const Duration size = skew < Duration(0) ? -skew : skew;
    if (size >= limits::sent_at_skew_min && size <= limits::sent_at_skew_max) batch.shift = skew;
    return {};
  }

  Slices slices_;
  EventReader reader_;
};

JsonDecoder::JsonDecoder() : impl_(std::make_unique<Impl>()) {}
JsonDecoder::~JsonDecoder() = default;

Status JsonDecoder::decode(BodyFormat format, std::string body, const DecodeContext& context, EventBatch& batch) {
  return impl_->decode(format, std::move(body), context, batch);
}

}  // namespace aybiza
