#include "codec/event_reader.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"
#include "codec/json_writer.h"

namespace aybiza {

namespace od = simdjson::ondemand;
static_assert(EventBatch::padding >= simdjson::SIMDJSON_PADDING);

namespace {

bool is_null(od::value& value) { return token_of(value) == "null"; }

bool at_end(od::document& document) { return document.current_location().error() == simdjson::OUT_OF_BOUNDS; }

std::string message_of(FragmentError error) {
  switch (error) {
    case FragmentError::utf8: return "text must be UTF-8";
    case FragmentError::depth: return fmt::format("nested deeper than {}", limits::json_depth);
    case FragmentError::keys: return fmt::format("more than {} members", limits::json_keys);
    default: return "not JSON";
  }
}

}  // namespace

EventReader::EventReader() {
  // Both are told the greatest event once, so that reading never allocates.
  CHECK(parser_.allocate(limits::event_bytes) == simdjson::SUCCESS);
  CHECK(data_parser_.allocate(limits::event_bytes) == simdjson::SUCCESS);
}

void EventReader::start(const DecodeContext& context, EventBatch& batch) {
  context_ = &context;
  batch_ = &batch;
}

void EventReader::reset() {
  keys_ = 0;
  envelope_ = {};
  present_ = {};
  ext_.clear();
  ext_text_.clear();
}

void EventReader::set(Field field, std::int64_t number, std::string_view text) {
  present_.add(field);
  slots_[std::size_t(field)] = {field, number, text};
}

bool EventReader::refuse(RejectReason reason, std::string_view field, std::string_view message) {
  batch_->reject(reason, {.index = index_, .id = envelope_.id, .field = field, .message = message});
  return false;
}

bool EventReader::refuse(FragmentError error, std::string_view field) {
  const RejectReason reason = error == FragmentError::utf8     ? RejectReason::invalid_utf8
                              : error == FragmentError::syntax ? RejectReason::invalid_json
                                                               : RejectReason::too_large;
  return refuse(reason, field, message_of(error));
}

bool EventReader::read(std::size_t index, std::string_view slice) {
  index_ = index;
  reset();
  if (slice.size() > limits::event_bytes)
    return refuse(RejectReason::too_large, "", fmt::format("the event is larger than {} bytes", limits::event_bytes));
  Pass pass = read_envelope(slice, false);
  if (pass == Pass::again) {  // type after data, or either twice: cut data out, read it when all else is known
    reset();
    pass = read_envelope(slice, true);
  }
  if (pass != Pass::done) return false;
  if (!envelope_.deferred.empty() && !read_deferred()) return false;
  return finish(index, slice);
}

EventReader::Pass EventReader::read_envelope(std::string_view slice, bool defer) {
  if (!slice.starts_with('{')) {
    // Told apart so that a batch of numbers is not called broken JSON.
    const bool other_value = slice.starts_with('[') || slice.starts_with('"') || is_json_number(slice) ||
                             slice == "true" || slice == "false" || slice == "null";
    refuse(other_value ? RejectReason::invalid_type : RejectReason::invalid_json, "",
           other_value ? "an event must be a JSON object" : "not JSON");
    return Pass::failed;
  }
  const std::size_t readable = std::size_t(batch_->body.data() + batch_->body.size() - slice.data());
  od::document document;
  od::object object;
  if (const auto error = parser_.iterate(simdjson::padded_string_view(slice.data(), slice.size(), readable))
                             .get(document);
      error != simdjson::SUCCESS)
    return refuse(fragment_error(error), ""), Pass::failed;
  if (const auto error = document.get_object().get(object); error != simdjson::SUCCESS)
    return refuse(fragment_error(error), ""), Pass::failed;
  bool again = false;
  for (auto member : object) {
    od::field field;
    if (const auto error = std::move(member).get(field); error != simdjson::SUCCESS)
      return refuse(fragment_error(error), ""), Pass::failed;
    if (!read_member(field, defer, again)) return Pass::failed;
    if (again) return Pass::again;
  }
  if (!at_end(document)) return refuse(FragmentError::syntax, ""), Pass::failed;
  return Pass::done;
}

bool EventReader::read_member(od::field& field, bool defer, bool& again) {
  std::string_view name;
  if (const auto error = text().key(field, name); error != FragmentError::none) return refuse(error, "");
  od::value value = field.value();
  if (name == "type") {
    if (envelope_.data_read) return again = true;
    return read_type(value);
  }
  if (name == "data") {
    again = !defer && (!envelope_.type_known || envelope_.data_read);
    return again || read_data(value, defer);
  }
  if (name == "time") return read_time(value);
  if (name == "id") return read_label(name, value, envelope_.id);
  if (name == "source") return read_label(name, value, envelope_.source);
  if (name == "time_ms") return read_epoch(value, name, 1'000, envelope_.time_ms);
  if (name == "time_s") return read_epoch(value, name, 1, envelope_.time_s);
  if (name == "time_ns") return read_epoch(value, name, 1'000'000'000, envelope_.time_ns);
  if (name == "specversion" || name == "datacontenttype") {  // say how CloudEvents is written, not what happened
    std::string ignored;
    const auto error = text().write(value, 2, ignored);
    return error == FragmentError::none || refuse(error, name);
  }
  return add_ext(name, value, 2);
}

bool EventReader::read_type(od::value& value) {
  if (!read_label("type", value, envelope_.type_text)) return false;
  envelope_.type = parse_event_type(envelope_.type_text);
  envelope_.type_known = !envelope_.type_text.empty();
  return true;
}

bool EventReader::read_label(std::string_view name, od::value& value, std::string_view& out) {
  out = {};
  const std::string_view token = token_of(value);
  if (token == "null") return true;
  if (!token.starts_with('"')) {
    std::string checked;
    const auto error = text().write(value, 2, checked);
    return error != FragmentError::none ? refuse(error, name) : refuse(RejectReason::invalid_type, name, "must be text");
  }
  if (const auto error = text().text(value, token, out); error != FragmentError::none) return refuse(error, name);
  if (out.size() <= limits::id_bytes) return true;
  out = {};
  return refuse(RejectReason::too_large, name, fmt::format("longer than {} bytes", limits::id_bytes));
}

bool EventReader::read_data(od::value& value, bool defer) {
  envelope_.deferred = {};
  if (is_null(value)) return true;
  od::object object;
  od::json_type type;
  if (value.type().get(type) != simdjson::SUCCESS) return refuse(FragmentError::syntax, "data");
  if (type != od::json_type::object) return refuse(RejectReason::invalid_type, "data", "must be an object");
  if (value.get_object().get(object) != simdjson::SUCCESS) return refuse(FragmentError::syntax, "data");
  if (!defer) {
    envelope_.data_read = true;
    return read_fields(object);
  }
  if (const auto error = object.raw_json().get(envelope_.deferred); error != simdjson::SUCCESS)
    return refuse(fragment_error(error), "data");
  return true;
}

bool EventReader::read_deferred() {
  const std::string_view slice = envelope_.deferred;
  const std::size_t readable = std::size_t(batch_->body.data() + batch_->body.size() - slice.data());
  od::document document;
  od::object object;
  auto error = data_parser_.iterate(simdjson::padded_string_view(slice.data(), slice.size(), readable)).get(document);
  if (error == simdjson::SUCCESS) error = document.get_object().get(object);
  if (error != simdjson::SUCCESS) return refuse(fragment_error(error), "data");
  envelope_.data_read = true;
  if (!read_fields(object)) return false;
  return at_end(document) || refuse(FragmentError::syntax, "data");
}

bool EventReader::read_fields(od::object& object) {
  const auto all = fields();
  for (auto member : object) {
    od::field field;
    if (const auto error = std::move(member).get(field); error != simdjson::SUCCESS) return refuse(fragment_error(error), "data");
    std::string_view name;
    if (const auto error = text().key(field, name); error != FragmentError::none) return refuse(error, "data");
    od::value value = field.value();
    if (envelope_.type == EventType::other) {
      if (!read_unknown_type_member(name, value)) return false;
    } else if (const auto known = find_member(envelope_.type, name)) {
      if (!read_field(all[std::size_t(*known)], value)) return false;
    } else if (!add_ext(name, value, 3)) {
      return false;
    }
  }
  return true;
}

// Everything of a type we do not know is kept as it came; labels with a known name also say where it belongs.
bool EventReader::read_unknown_type_member(std::string_view name, od::value& value) {
  const auto known = find_member(EventType::other, name);
  const bool label = known && info(*known).kind == Kind::label && token_of(value).starts_with('"');
  const std::size_t before = ext_.size();
  if (!add_ext(name, value, 3)) return false;
  if (!label || ext_.size() == before) return true;
  // add_ext wrote the text cleaned; without escapes its inside is the text.
  const std::string_view written = std::string_view(ext_text_).substr(ext_.back().at, ext_.back().size);
  const std::string_view content = written.substr(1, written.size() - 2);
  if (!content.empty() && content.size() <= limits::id_bytes && content.find('\\') == std::string_view::npos)
    set(*known, 0, batch_->arena.copy(content));
  return true;
}

bool EventReader::add_ext(std::string_view name, od::value& value, std::size_t depth) {
  // An envelope attribute must not look like a field of `data` when the two are one object again.
  const bool envelope = depth == 2;
  if (envelope && is_member_name(name))
    name = batch_->arena.copy(fmt::format("envelope.{}", name));
  const std::size_t at = ext_text_.size();
  if (const auto error = text().write(value, depth, ext_text_); error != FragmentError::none)
    return refuse(error, name);
  if (ext_text_.size() > limits::ext_bytes)
    return refuse(RejectReason::too_large, name,
                  fmt::format("members that are not in the contract exceed {} bytes", limits::ext_bytes));
  if (std::string_view(ext_text_).substr(at) == "null") {
    ext_text_.resize(at);
    return true;
  }
  ext_.push_back({name, std::uint32_t(at), std::uint32_t(ext_text_.size() - at)});
  return true;
}

// One object, sorted by name so that the same content is the same bytes; of equal names the last counts.
std::string_view EventReader::finish_ext() {
  if (ext_.empty()) return {};
  std::sort(ext_.begin(), ext_.end(), [](const ExtMember& a, const ExtMember& b) {
    return a.name != b.name ? a.name < b.name : a.at < b.at;
  });
  std::string out = "{";
  for (std::size_t i = 0; i < ext_.size(); ++i) {
    if (i + 1 < ext_.size() && ext_[i + 1].name == ext_[i].name) continue;
    if (out.size() > 1) out += ',';
    append_json_string(out, ext_[i].name);
    out += ':';
    out.append(ext_text_, ext_[i].at, ext_[i].size);
  }
  out += '}';
  return batch_->arena.copy(out);
}

bool EventReader::finish(std::size_t index, std::string_view slice) {
  if (!envelope_.type_known) return refuse(RejectReason::missing_field, "type", "every event needs a type");
  if (!envelope_.data_read) return refuse(RejectReason::missing_field, "data", "every event needs a data object");
  const auto time = envelope_.time      ? envelope_.time
                    : envelope_.time_ns ? envelope_.time_ns
                    : envelope_.time_ms ? envelope_.time_ms
                                        : envelope_.time_s;
  if (!time)
    return refuse(RejectReason::missing_field, "time",
                  "every event needs time (RFC 3339 with an offset) or time_ms, time_ns, time_s (integer epoch)");
  Event event{.type = envelope_.type, .rank = native_rank(envelope_.type), .time = *time};
  if (!check_time(envelope_.time      ? "time"
                  : envelope_.time_ns ? "time_ns"
                  : envelope_.time_ms ? "time_ms"
                                      : "time_s",
                  event.time))
    return false;
  const FieldSet& required = required_fields(event.type);
  if (((required.word[0] & ~present_.word[0]) | (required.word[1] & ~present_.word[1])) != 0)
    for (std::size_t i = 0; i < field_count; ++i)
      if (required.has(Field(i)) && !present_.has(Field(i)))
        return refuse(RejectReason::missing_field, name_of(Field(i)),
                      fmt::format("{} events need {}", envelope_.type_text, name_of(Field(i))));
  if (!context_->customer.empty() && present_.has(Field::customer_id) &&
      slots_[std::size_t(Field::customer_id)].text != context_->customer)
    return refuse(RejectReason::forbidden_customer, "customer_id",
                  "this key belongs to another customer: leave customer_id out or use a key of that customer");
  event.scope = scope_of(*context_);
  event.source = envelope_.source.empty() ? context_->source : envelope_.source;
  event.id_text = envelope_.id;
  if (event.type == EventType::other) event.type_text = envelope_.type_text;
  event.ext = finish_ext();
  const auto values = batch_->arena.array<Value>(present_.size());
  std::size_t count = 0;
  for (std::size_t half = 0; half < 2; ++half)
    for (std::uint64_t bits = present_.word[half]; bits != 0; bits &= bits - 1)
      values[count++] = slots_[half * 64 + std::size_t(__builtin_ctzll(bits))];
  event.values = values;
  batch_->events.push_back(event);
  batch_->index.push_back(std::uint32_t(index));
  batch_->wire_bytes.push_back(std::uint32_t(slice.size()));
  return true;
}

}  // namespace aybiza
