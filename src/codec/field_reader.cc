// The value of one known member: EventReader's readers by Kind.
#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>

#include "base/limits.h"
#include "codec/event_reader.h"
#include "codec/json_writer.h"

namespace aybiza {

namespace od = simdjson::ondemand;

namespace {

std::string listed(std::span<const std::string_view> words) {
  std::string out;
  for (const std::string_view word : words) out.append(out.empty() ? "" : ", ").append(word);
  return out;
}

// Most numbers are whole and small; those need no double. At most nine digits, so that any scale fits.
std::optional<std::int64_t> small_integer(std::string_view token) {
  if (token.empty() || token.size() > 9 || (token[0] == '0' && token.size() > 1)) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : token) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

constexpr std::int64_t scale_of(Kind kind) {  // as model/field.h's Units says
  switch (kind) {
    case Kind::millis: return 1'000;
    case Kind::seconds: return 1'000'000;
    case Kind::score: return 10'000;
    case Kind::money: return 1'000'000'000;
    default: return 1;
  }
}

}  // namespace

bool EventReader::read_field(const FieldInfo& about, od::value& value) {
  const std::string_view token = token_of(value);
  if (token == "null") {
    present_.remove(about.field);
    return true;
  }
  switch (about.kind) {
    case Kind::label:
    case Kind::phone:
    case Kind::word: return read_text(about, value, token, limits::id_bytes);
    case Kind::text: return read_text(about, value, token, limits::text_content_bytes);
    case Kind::json:
      return about.field == Field::tags ? read_tags(about, value, token) : read_json(about, value, token);
    case Kind::time: return read_time_field(about, value, token);
    case Kind::vector: return read_vector(about, value, token);
    case Kind::flag:
      if (token != "true" && token != "false") return wrong_type(about, value, "must be true or false");
      set(about.field, token == "true");
      return true;
    default: return read_number(about, value, token);
  }
}

// Told apart from a broken document by reading it to its end.
bool EventReader::wrong_type(const FieldInfo& about, od::value& value, std::string_view wanted) {
  std::string checked;
  const auto error = text().write(value, 3, checked);
  return error != FragmentError::none ? refuse(error, about.name)
                                      : refuse(RejectReason::invalid_type, about.name, wanted);
}

bool EventReader::read_text(const FieldInfo& about, od::value& value, std::string_view token, std::size_t bytes_max) {
  if (!token.starts_with('"')) return wrong_type(about, value, "must be text");
  std::string_view content;
  if (const auto error = text().text(value, token, content); error != FragmentError::none) return refuse(error, about.name);
  if (content.size() > bytes_max)
    return refuse(RejectReason::too_large, about.name, fmt::format("longer than {} bytes", bytes_max));
  if (content.empty()) {  // an empty text says nothing: unknown, like null
    present_.remove(about.field);
    return true;
  }
  if (about.kind != Kind::word) {
    set(about.field, 0, content);
    return true;
  }
  for (std::size_t i = 0; i < about.words.size(); ++i)
    if (about.words[i] == content) {
      set(about.field, std::int64_t(i), about.words[i]);
      return true;
    }
  return refuse(RejectReason::unknown_word, about.name, fmt::format("must be one of {}", listed(about.words)));
}

bool EventReader::read_number(const FieldInfo& about, od::value& value, std::string_view token) {
  if (const auto whole = small_integer(token); whole && about.kind != Kind::real) {
    if (double(*whole) < about.min || double(*whole) > about.max)
      return refuse(RejectReason::out_of_range, about.name, fmt::format("must be from {} to {}", about.min, about.max));
    set(about.field, *whole * scale_of(about.kind));
    return true;
  }
  if (token.empty() || (token[0] != '-' && (token[0] < '0' || token[0] > '9')))
    return wrong_type(about, value, "must be a number");
  double wire = 0;
  if (value.get_double().get(wire) != simdjson::SUCCESS)
    return is_json_number(token) ? refuse(RejectReason::out_of_range, about.name, "does not fit a 64-bit number")
                                 : refuse(FragmentError::syntax, about.name);
  if (const auto number = from_wire(about.field, wire)) {
    set(about.field, *number);
    return true;
  }
  if (about.kind == Kind::count && wire >= about.min && wire <= about.max)
    return refuse(RejectReason::invalid_type, about.name, "must be a whole number");
  return refuse(RejectReason::out_of_range, about.name, fmt::format("must be from {} to {}", about.min, about.max));
}

bool EventReader::check_time(std::string_view name, Instant& t) {
  t += batch_->shift;
  if (t < context_->received - limits::time_past_max)
    return refuse(RejectReason::invalid_time, name,
                  "more than 400 days ago: send the time when it happened, in the unit the member's name says");
  if (t > context_->received + limits::time_future_max)
    return refuse(RejectReason::invalid_time, name,
                  "more than 5 minutes ahead: set the sender's clock, or send sent_at beside batch to correct it");
  return true;
}

bool EventReader::read_time(od::value& value) {
  envelope_.time.reset();
  std::string_view token = token_of(value);
  if (token == "null") return true;
  std::string_view content;
  if (token.starts_with('"')) {
    if (const auto error = text().text(value, token, content); error != FragmentError::none) return refuse(error, "time");
    envelope_.time = times_.parse(content);
  } else {
    std::string checked;
    if (const auto error = text().write(value, 2, checked); error != FragmentError::none) return refuse(error, "time");
  }
  return envelope_.time ||
         refuse(RejectReason::invalid_time, "time",
                "must be RFC 3339 text with an offset, like 2026-11-21T09:00:00Z; epochs go into time_s, time_ms, time_ns");
}

bool EventReader::read_epoch(od::value& value, std::string_view name, std::int64_t per_second,
                             std::optional<Instant>& out) {
  out.reset();
  const std::string_view token = token_of(value);
  if (token == "null") return true;
  std::int64_t epoch = 0;
  std::string checked;
  if (const auto error = text().write(value, 2, checked); error != FragmentError::none) return refuse(error, name);
  const auto [end, failure] = std::from_chars(token.data(), token.data() + token.size(), epoch);
  if (failure != std::errc{} || end != token.data() + token.size())
    return refuse(RejectReason::invalid_time, name, "must be an integer of the epoch");
  const std::int64_t seconds = epoch / per_second;
  if (seconds > 253'402'300'799 || seconds < -62'135'596'800)  // years 1 to 9999
    return refuse(RejectReason::invalid_time, name, "is not a time of this age: check the unit");
  const std::int64_t rest = epoch % per_second;
  out = from_micros(seconds * 1'000'000 +
                    (per_second >= 1'000'000 ? rest / (per_second / 1'000'000) : rest * (1'000'000 / per_second)));
  return true;
}

bool EventReader::read_time_field(const FieldInfo& about, od::value& value, std::string_view token) {
  std::string_view content;
  std::optional<Instant> parsed;
  if (token.starts_with('"')) {
    if (const auto error = text().text(value, token, content); error != FragmentError::none)
      return refuse(error, about.name);
    parsed = times_.parse(content);
  }
  if (!parsed)
    return refuse(RejectReason::invalid_time, about.name,
                  "must be RFC 3339 text with an offset, like 2026-11-21T09:00:00Z");
  Instant t = *parsed;
  if (!check_time(about.name, t)) return false;
  set(about.field, to_micros(t));
  return true;
}

bool EventReader::read_json(const FieldInfo& about, od::value& value, std::string_view token) {
  const bool array = token.starts_with('['), object = token.starts_with('{');
  if (!array && (!object || about.field == Field::tools))
    return wrong_type(about, value,
                      about.field == Field::tools ? "must be an array" : "must be an array or an object");
  std::string out;
  if (const auto error = text().write(value, 3, out); error != FragmentError::none) return refuse(error, about.name);
  if (out.size() > limits::ext_bytes)
    return refuse(RejectReason::too_large, about.name, fmt::format("larger than {} bytes", limits::ext_bytes));
  set(about.field, 0, batch_->arena.copy(out));
  return true;
}

bool EventReader::read_tags(const FieldInfo& about, od::value& value, std::string_view token) {
  od::object object;
  if (!token.starts_with('{')) return wrong_type(about, value, "must be an object");
  if (value.get_object().get(object) != simdjson::SUCCESS) return refuse(FragmentError::syntax, about.name);
  std::vector<std::pair<std::string_view, std::string>> tags;
  for (auto member : object) {
    od::field field;
    if (const auto error = std::move(member).get(field); error != simdjson::SUCCESS)
      return refuse(fragment_error(error), about.name);
    std::string_view name;
    if (const auto error = text().key(field, name); error != FragmentError::none) return refuse(error, about.name);
    od::value inner = field.value();
    const std::string_view tag = token_of(inner);
    if (tag.starts_with('{') || tag.starts_with('['))
      return refuse(RejectReason::invalid_type, about.name, "tags are texts, numbers or true and false");
    std::string content;
    std::string_view plain;
    const auto error = tag.starts_with('"') ? text().text(inner, tag, plain) : text().write(inner, 4, content);
    if (error != FragmentError::none) return refuse(error, about.name);
    if (tag.starts_with('"')) content = plain;
    else if (content == "null") continue;
    if (name.size() > limits::tag_name_bytes || content.size() > limits::tag_value_bytes)
      return refuse(RejectReason::too_large, about.name,
                    fmt::format("a tag's name is at most {} bytes, its value {}", limits::tag_name_bytes,
                                limits::tag_value_bytes));
    const auto same = std::find_if(tags.begin(), tags.end(), [&](const auto& other) { return other.first == name; });
    if (same == tags.end()) tags.emplace_back(name, std::move(content));
    else same->second = std::move(content);
    if (tags.size() > limits::tags_per_metric)
      return refuse(RejectReason::too_large, about.name, fmt::format("more than {} tags", limits::tags_per_metric));
  }
  present_.remove(about.field);
  if (tags.empty()) return true;
  std::sort(tags.begin(), tags.end());
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  for (const auto& [name, content] : tags) json.member(name, std::string_view(content));
  json.end_object();
  set(about.field, 0, batch_->arena.copy(out));
  return true;
}

bool EventReader::read_vector(const FieldInfo& about, od::value& value, std::string_view token) {
  static_assert(std::endian::native == std::endian::little, "the stored form is little-endian");
  od::array array;
  const std::string wanted = fmt::format("must be {} finite numbers", limits::embedding_numbers);
  if (!token.starts_with('[')) return wrong_type(about, value, wanted);
  if (value.get_array().get(array) != simdjson::SUCCESS) return refuse(FragmentError::syntax, about.name);
  const auto numbers = batch_->arena.array<float>(limits::embedding_numbers);
  std::size_t count = 0;
  for (auto element : array) {
    od::value inner;
    double number = 0;
    if (const auto error = std::move(element).get(inner); error != simdjson::SUCCESS)
      return refuse(fragment_error(error), about.name);
    if (count == limits::embedding_numbers) return refuse(RejectReason::out_of_range, about.name, wanted);
    if (!is_json_number(token_of(inner))) return refuse(RejectReason::invalid_type, about.name, wanted);
    if (inner.get_double().get(number) != simdjson::SUCCESS || !std::isfinite(float(number)))
      return refuse(RejectReason::out_of_range, about.name, wanted);
    numbers[count++] = float(number);
  }
  if (count != limits::embedding_numbers) return refuse(RejectReason::out_of_range, about.name, wanted);
  set(about.field, 0, {reinterpret_cast<const char*>(numbers.data()), numbers.size_bytes()});
  return true;
}

std::optional<Instant> EventReader::read_sent_at(std::string_view token) {
  if (token.size() < 2 || token.front() != '"') return std::nullopt;
  return times_.parse(token.substr(1, token.size() - 2));
}

}  // namespace aybiza
