#include "ingest/mask_batch.h"

#include "base/ids.h"

namespace aybiza {
namespace {
constexpr std::size_t known_slots = 1024;
}  // namespace

MaskCounts& MaskCounts::operator+=(const MaskCounts& other) {
  for (std::size_t i = 0; i < texts.size(); ++i) texts[i] += other.texts[i];
  phone_fields += other.phone_fields;
  labels += other.labels;
  return *this;
}

MaskCounts BatchMasker::mask(EventBatch& batch) {
  labels_.assign(known_slots, {});
  phones_.assign(known_slots, {});
  counts_ = {};
  for (std::size_t i = 0; i < batch.events.size(); ++i) mask_event(batch, i);
  return counts_;
}

void BatchMasker::mask_event(EventBatch& batch, std::size_t at) {
  Event& event = batch.events[at];
  Arena& arena = batch.arena;
  event.source = label(arena, event.source);
  event.id_text = label(arena, event.id_text);
  event.type_text = label(arena, event.type_text);
  if (!event.ext.empty()) event.ext = json(arena, event.ext);
  for (Value& value : batch.values_of(at)) {
    switch (info(value.field).kind) {
      case Kind::label: value.text = label(arena, value.text); break;
      case Kind::phone: value.text = phone(arena, value.text); break;
      case Kind::text: value.text = text(arena, value.text); break;
      case Kind::json: value.text = json(arena, value.text); break;
      default: break;  // numbers, words of ours and vectors say nothing of a person
    }
  }
}

std::string_view BatchMasker::label(Arena& arena, std::string_view text) {
  if (text.empty() || !may_hold_pii(text)) return text;
  Known& known = labels_[hash64(text) % known_slots];
  if (known.from != text) {
    known = {text, tokenizer_.mask_label(text, buffer_) ? arena.copy(buffer_) : text};
  }
  if (known.to != text) ++counts_.labels;
  return known.to;
}

std::string_view BatchMasker::phone(Arena& arena, std::string_view text) {
  Known& known = phones_[hash64(text) % known_slots];
  if (known.from != text) {
    const std::string masked = tokenizer_.phone_field(text);
    known = {text, masked == text ? text : arena.copy(masked)};
  }
  if (known.to != text) ++counts_.phone_fields;
  return known.to;
}

std::string_view BatchMasker::text(Arena& arena, std::string_view text) {
  if (!may_hold_pii(text)) return text;
  const MaskReport report = mask_text(text, buffer_);
  count(report);
  return report.changed() ? arena.copy(buffer_) : text;
}

std::string_view BatchMasker::json(Arena& arena, std::string_view text) {
  if (!may_hold_pii(text)) return text;
  MaskReport report;
  const bool changed = mask_json_strings(text, buffer_, report);
  count(report);
  return changed ? arena.copy(buffer_) : text;
}

void BatchMasker::count(const MaskReport& report) {
  for (std::size_t i = 0; i < report.counts.size(); ++i) counts_.texts[i] += report.counts[i];
}

}  // namespace aybiza
