#include "ingest/mask_batch.h"

#include <algorithm>

#include "base/ids.h"
#include "base/limits.h"
#include "text/entities.h"
#include "text/text_facts.h"

namespace aybiza {
namespace {

constexpr std::size_t known_slots = 1024;
constexpr std::string_view nobody = "platform", others = "__other__";

void add(const MaskCounts::ByClass& from, MaskCounts::ByClass& to) {
  for (std::size_t i = 0; i < from.size(); ++i) to[i] += from[i];
}

// The event's values with one more, which they lack.
void append_value(Arena& arena, Event& event, const Value& value) {
  const auto values = arena.array<Value>(event.values.size() + 1);
  std::ranges::copy(event.values, values.begin());
  values.back() = value;
  for (std::size_t i = values.size() - 1; i > 0 && values[i].field < values[i - 1].field; --i) std::swap(values[i], values[i - 1]);
  event.values = values;
}

}  // namespace

void MaskCounts::found(std::string_view customer, const ByClass& by_class) {
  auto at = customers.find(customer);
  if (at == customers.end()) at = customers.try_emplace(std::string(customers.size() < limits::masked_customers ? customer : others)).first;
  add(by_class, at->second);
}

MaskCounts& MaskCounts::operator+=(const MaskCounts& other) {
  add(other.texts, texts);
  phone_fields += other.phone_fields;
  labels += other.labels;
  texts_dropped += other.texts_dropped;
  texts_sealed += other.texts_sealed;
  texts_not_sealed += other.texts_not_sealed;
  for (const auto& [customer, by_class] : other.customers) found(customer, by_class);
  return *this;
}

MaskCounts BatchMasker::mask(EventBatch& batch, std::string_view customer, Instant received, std::string_view vendor) {
  labels_.assign(known_slots, {});
  phones_.assign(known_slots, {});
  counts_ = {};
  key_customer_ = customer;
  vendor_ = vendor;
  rule_ = {};
  table_ = masking_.policies ? masking_.policies->look(received) : nullptr;
  if (table_ && table_->empty()) table_.reset();
  if (table_ && masking_.keys && table_->any(MaskingPolicy::keep_encrypted)) ensure_keys(batch, received);
  for (std::size_t i = 0; i < batch.events.size(); ++i) mask_event(batch, i);
  table_.reset();
  return std::move(counts_);
}

// The call's own id, as it will be assigned (codec/identity.h, codec/vendor_event.h).
Id BatchMasker::call_of(const Event& event, std::string_view masked_id) const {
  return event.call.empty() && !masked_id.empty() ? external_id(event.scope, "call", vendor_, masked_id) : event.call;
}

// Every call of a customer who keeps its words encrypted has a key before anything is sealed.
void BatchMasker::ensure_keys(const EventBatch& batch, Instant received) {
  std::vector<CallerKeys::Need> needs;
  std::vector<CallerKeys::Joined> joined;
  for (const Event& event : batch.events) {
    const std::string_view call = event.text(Field::call_id), customer = customer_of(event), caller = event.text(Field::caller_number);
    if (call.empty() || table_->rule_of(customer).policy != MaskingPolicy::keep_encrypted) continue;
    if (const auto part = joined_call(event)) joined.push_back({.customer = std::string(customer), .part = *part, .whole = event.call});
    if (caller.empty() && event.find(Field::text_content) == nullptr) continue;
    needs.push_back({.customer = std::string(customer), .call = call_of(event, tokenizer_.mask_label(call)),
                     .caller = caller.empty() ? std::string() : tokenizer_.phone_field(caller)});
  }
  // A key that could not be kept is not there when a text is sealed: that counts it.
  if (!needs.empty()) static_cast<void>(masking_.keys->ensure(needs, received));
  if (!joined.empty()) static_cast<void>(masking_.keys->join(joined, received));
}

void BatchMasker::join(std::span<const CallerKeys::Joined> joined, Instant received) {
  if (joined.empty() || !masking_.policies || !masking_.keys) return;
  const auto table = masking_.policies->look(received);
  std::vector<CallerKeys::Joined> kept;
  for (const CallerKeys::Joined& one : joined)
    if (table->rule_of(one.customer).policy == MaskingPolicy::keep_encrypted) kept.push_back(one);
  if (!kept.empty()) static_cast<void>(masking_.keys->join(kept, received));
}

void BatchMasker::mask_event(EventBatch& batch, std::size_t at) {
  Event& event = batch.events[at];
  Arena& arena = batch.arena;
  customer_ = customer_of(event);
  if (table_) rule_ = table_->rule_of(customer_);
  const bool drops = rule_.policy == MaskingPolicy::drop_content, seals = rule_.policy == MaskingPolicy::keep_encrypted;
  event.source = label(arena, event.source);
  event.id_text = label(arena, event.id_text);
  event.type_text = label(arena, event.type_text);
  if (drops) event.ext = {};
  else if (!event.ext.empty()) event.ext = json(arena, event.ext);
  Said said;
  for (Value& value : batch.values_of(at)) {
    switch (info(value.field).kind) {
      case Kind::label: value.text = label(arena, value.text); break;
      case Kind::phone: value.text = phone(arena, value.text); break;
      case Kind::text:
        said.written = value.text;
        said.masked = value.text = text(arena, value.text);
        break;
      case Kind::json: value.text = json(arena, value.text); break;
      default: break;  // numbers, words of ours say nothing of a person; of embeddings docs/privacy.md
    }
  }
  if (drops && event.type == EventType::turn) return keep_meaning(arena, event, said);
  if (seals) {  // an embedding gives away what it was made of, and no caller's key ends it
    const std::span<Value> all = batch.values_of(at);
    event.values = all.first(all.size() - std::ranges::remove(all, Field::text_embedding, &Value::field).size());
  }
  if (said.written.empty()) return;
  add_facts(arena, event, said.written);
  if (seals) seal(arena, event, call_of(event, event.text(Field::call_id)), said.written);
}

void BatchMasker::add_facts(Arena& arena, Event& event, std::string_view written) {
  buffer_.clear();
  append_text_facts({.counts = counts_of(written), .meaning = {}}, buffer_);
  append_value(arena, event, {.field = Field::text_facts, .text = arena.copy(buffer_)});
}

// In place of the words, what they mean; what else repeats them goes too.
void BatchMasker::keep_meaning(Arena& arena, Event& event, const Said& said) {
  const auto values = arena.array<Value>(event.values.size() + 2);
  std::size_t kept = 0;
  for (const Value& value : event.values)
    if (value.field != Field::text_content && value.field != Field::entities && value.field != Field::text_embedding) values[kept++] = value;
  if (!said.written.empty()) {
    ++counts_.texts_dropped;
    buffer_.clear();
    append_entity_classes_json(said.masked, buffer_);
    if (!buffer_.empty()) values[kept++] = {.field = Field::entities, .text = arena.copy(buffer_)};
    buffer_.clear();
    append_text_facts({.counts = counts_of(said.written), .meaning = analyze(said.masked)}, buffer_);
    values[kept++] = {.field = Field::text_facts, .text = arena.copy(buffer_)};
  }
  const auto all = values.first(kept);
  std::ranges::sort(all, {}, &Value::field);
  event.values = all;
}

void BatchMasker::seal(Arena& arena, Event& event, const Id& call, std::string_view written) {
  buffer_.clear();
  const bool done = masking_.keys && masking_.keys->seal(call, written, buffer_);
  ++(done ? counts_.texts_sealed : counts_.texts_not_sealed);
  if (done) append_value(arena, event, {.field = Field::text_sealed, .text = arena.copy(buffer_)});
}

std::string_view BatchMasker::label(Arena& arena, std::string_view text) {
  if (text.empty()) return text;
  Known& known = labels_[hash64(text) % known_slots];
  if (known.from != text) known = {text, may_hold_pii(text) && tokenizer_.mask_label(text, buffer_) ? arena.copy(buffer_) : text};
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
  const MaskReport report = mask_text(text, buffer_, {}, rule_.classes);
  count(report);
  return report.changed() ? arena.copy(buffer_) : text;
}

std::string_view BatchMasker::json(Arena& arena, std::string_view text) {
  // Escapes can hide any letter or digit.
  if (!may_hold_pii(text) && text.find('\\') == std::string_view::npos) return text;
  MaskReport report;
  const bool changed = mask_json_strings(text, buffer_, report, rule_.classes);
  count(report);
  return changed ? arena.copy(buffer_) : text;
}

void BatchMasker::count(const MaskReport& report) {
  MaskCounts::ByClass found{};
  bool any = false;
  for (std::size_t i = 0; i < found.size(); ++i) any |= (found[i] = report.counts[i]) != 0;
  if (!any) return;
  add(found, counts_.texts);
  counts_.found(customer_.empty() ? nobody : customer_, found);
}

}  // namespace aybiza
