#include "ingest/otlp_prepare.h"

#include "base/limits.h"
#include "codec/event_binary.h"
#include "codec/metric_binary.h"

namespace aybiza {
namespace {

constexpr std::string_view metrics_source = "otlp";
constexpr std::size_t record_events = 0xFFFF;  // of one spool record

void take_rejection(std::uint64_t count, std::string_view reason, std::string_view why, OtlpPrepared& out) {
  if (count == 0) return;
  out.rejected += count;
  out.reasons[std::string(reason)] += count;
  if (out.message.empty()) out.message = why;
}

}  // namespace

OtlpPreparer::OtlpPreparer(const Tokenizer& tokenizer, Masking masking)
    : tokenizer_(tokenizer),
      metrics_decoder_({.tags = [this](std::string& tags) { mask_tags(tags); }, .name = [this](std::string& name) { mask_name(name); }}),
      masker_(tokenizer, masking) {}

Result<OtlpPrepared> OtlpPreparer::prepare(OtlpSignal signal, OtlpEncoding encoding, std::string body, const DecodeContext& context,
                                           const MetricSampler* sampler, const CallJoiner* joiner, CallSampler* calls) {
  OtlpPrepared out;
  sampler_ = sampler;
  calls_ = calls;
  joiner_ = joiner != nullptr && joiner->wanted(context.customer) ? joiner : nullptr;
  const std::size_t bytes = body.size();
  masked_tags_ = {};
  if (encoding == OtlpEncoding::json) {
    auto transcoded = json_.transcode(signal, std::move(body));
    if (!transcoded) return std::unexpected(std::move(transcoded.error()));
    body = std::move(transcoded->protobuf);
    take_rejection(transcoded->rejected, "invalid_item", transcoded->first_rejection, out);
  }
  AYBIZA_TRY(signal == OtlpSignal::metrics ? prepare_metrics(body, context, out) : prepare_calls(signal, std::move(body), context, out));
  out.masked += masked_tags_;
  if (out.items.size() > record_events || out.bytes.size() > limits::spool_record_bytes - limits::MiB)
    return fail(Code::too_large, "the request becomes more than {} events or {} bytes: send smaller batches", record_events, limits::spool_record_bytes);
  if (bytes > limits::preparer_keeps_bytes) batch_ = {}, events_ = {}, metrics_ = {}, span_points_ = {}, part_ = {}, json_ = {};
  return out;
}

Status OtlpPreparer::prepare_metrics(std::string_view body, const DecodeContext& context, OtlpPrepared& out) {
  AYBIZA_TRY(metrics_decoder_.decode(body, context.received, metrics_, [&](MetricBatch& full) { append_points(full, context, out); }));
  append_points(metrics_.batch, context, out);
  take_rejection(metrics_.rejected, "invalid_item", metrics_.first_rejection, out);
  if (out.message.empty() && metrics_.cut_series > 0)
    out.message = fmt::format("{} series had more than {} tags, or names or values above {} and {} bytes: the rest was left out", metrics_.cut_series,
                              limits::tags_per_metric, limits::tag_name_bytes, limits::tag_value_bytes);
  return {};
}

Status OtlpPreparer::prepare_calls(OtlpSignal signal, std::string body, const DecodeContext& context, OtlpPrepared& out) {
  AYBIZA_TRY(decoder_.decode(signal, std::move(body), batch_));
  take_rejection(batch_.rejected, "invalid_item", batch_.first_rejection, out);
  events_.clear();
  span_points_.clear();
  assembler_.want_names(joiner_ != nullptr);
  assembler_.assemble(batch_, context, events_, span_points_);
  const std::string_view why = events_.errors.empty() ? std::string_view() : events_.errors.front().message;
  for (std::size_t i = 0; i < events_.rejected.size(); ++i) take_rejection(events_.rejected[i], to_string(RejectReason(i)), why, out);
  out.masked = masker_.mask(events_, context.customer, context.received);
  identity_.assign(events_, context.customer);
  if (joiner_ != nullptr) masker_.join(joiner_->join(events_, assembler_.names(), scope_of(context), context.received).calls, context.received);
  if (calls_ != nullptr) out.sampled = calls_->sample(events_, context.received);
  out.items.reserve(events_.events.size() + 1);
  out.bytes.reserve(batch_.body.size());  // about what they become
  for (const Event& event : events_.events) {
    const std::size_t before = out.bytes.size();
    append_event(out.bytes, event);
    out.items.push_back({.id = event.id, .size = std::uint32_t(out.bytes.size() - before)});
  }
  append_span_points(context, out);
  return {};
}

void OtlpPreparer::append_points(MetricBatch& batch, const DecodeContext& context, OtlpPrepared& out) {
  if (sampler_ != nullptr) sampler_->sample(batch, context.customer, context.received);
  if (batch.empty()) return;
  const std::size_t before = out.bytes.size();
  append_metric_event(out.bytes, {.scope = scope_of(context), .customer = context.customer, .source = metrics_source, .time = context.received}, batch);
  out.items.push_back({.id = {}, .size = std::uint32_t(out.bytes.size() - before)});
}

// What spans of no call became: masked, and split to what one event of the log takes.
void OtlpPreparer::append_span_points(const DecodeContext& context, OtlpPrepared& out) {
  if (span_points_.empty()) return;
  constexpr std::uint32_t unknown = ~std::uint32_t(0);
  std::vector<std::uint32_t> place(span_points_.series().size(), unknown);  // in part_
  std::string name, tags;
  part_.clear();
  for (MetricPoint point : span_points_.points) {
    if (part_.full()) {
      append_points(part_, context, out);
      part_.clear();
      place.assign(place.size(), unknown);
    }
    std::uint32_t& at = place[point.series];
    if (at == unknown) {
      MetricSeries series = span_points_.series()[point.series];
      mask_name(name = series.name);
      mask_tags(tags = series.tags);
      series.name = name;
      series.tags = tags;
      at = part_.add_series(series);
    }
    point.series = at;
    if (point.distribution != MetricPoint::plain) {
      part_.distributions.push_back(span_points_.distributions[point.distribution]);
      point.distribution = std::uint32_t(part_.distributions.size() - 1);
    }
    part_.points.push_back(point);
  }
  append_points(part_, context, out);
}

void OtlpPreparer::mask_tags(std::string& tags) {
  if (!may_hold_pii(tags)) return;
  MaskReport report;
  if (mask_json_strings(tags, buffer_, report)) tags = buffer_;
  for (std::size_t i = 0; i < report.counts.size(); ++i) masked_tags_.texts[i] += report.counts[i];
}

void OtlpPreparer::mask_name(std::string& name) {
  if (!may_hold_pii(name) || !tokenizer_.mask_label(name, buffer_)) return;
  name = buffer_;
  ++masked_tags_.labels;
}

}  // namespace aybiza
