#include "codec/split.h"

#include <array>
#include <cstring>

#include "base/limits.h"

namespace aybiza {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

enum class Class : unsigned char { other, quote, open, close };
constexpr std::array<Class, 256> classes = [] {
  std::array<Class, 256> table{};
  table['"'] = Class::quote;
  table['{'] = table['['] = Class::open;
  table['}'] = table[']'] = Class::close;
  return table;
}();

// A reader of the outer structure. `ok` turns false at the first thing that is not there.
struct Scanner {
  const char* at;
  const char* end;
  bool ok = true;

  void spaces() {
    while (at != end && is_space(*at)) ++at;
  }
  bool take(char c) {
    spaces();
    if (at == end || *at != c) return false;
    ++at;
    return true;
  }
  std::string_view string() {  // with its quotes
    const char* const start = at++;
    while (at < end) {
      const auto* quote = static_cast<const char*>(std::memchr(at, '"', std::size_t(end - at)));
      if (quote == nullptr) break;
      const char* escape = quote;
      while (escape > start + 1 && escape[-1] == '\\') --escape;
      at = quote + 1;
      if ((quote - escape) % 2 == 0) return {start, std::size_t(at - start)};
    }
    ok = false;
    at = end;
    return {};
  }
  void container() {
    std::size_t depth = 0;
    while (at < end) {
      switch (classes[static_cast<unsigned char>(*at)]) {
        case Class::other: ++at; break;
        case Class::quote: string(); break;
        case Class::open: ++at, ++depth; break;
        case Class::close:
          ++at;
          if (--depth == 0) return;
          break;
      }
    }
    ok = false;
  }
  std::string_view value() {
    spaces();
    const char* const start = at;
    if (at == end) {
      ok = false;
      return {};
    }
    switch (classes[static_cast<unsigned char>(*at)]) {
      case Class::quote: string(); break;
      case Class::open: container(); break;
      case Class::close: ok = false; break;
      case Class::other:
        while (at != end && *at != ',' && *at != ']' && *at != '}' && !is_space(*at)) ++at;
        ok = ok && at != start;
    }
    return {start, std::size_t(at - start)};
  }
};

std::unexpected<Error> too_many() {
  return fail(Code::too_large, "more than {} events in one request: nothing was taken, send smaller batches",
              limits::batch_events);
}
std::unexpected<Error> broken(std::string_view what) {
  return fail(Code::invalid, "the body is not JSON: {}", what);
}

Status split_lines(std::string_view body, Slices& out) {
  while (!body.empty()) {
    const std::size_t end = std::min(body.find('\n'), body.size());
    const std::string_view line = trim(body.substr(0, end));
    body.remove_prefix(std::min(end + 1, body.size()));
    if (line.empty()) continue;
    if (out.events.size() == limits::batch_events) return too_many();
    out.events.push_back(line);
  }
  return {};
}

Status split_array(std::string_view array, Slices& out) {
  Scanner scan{array.data() + 1, array.data() + array.size()};
  if (scan.take(']')) return {};
  do {
    const std::string_view element = scan.value();
    if (!scan.ok) return broken("an element of the array does not end");
    if (out.events.size() == limits::batch_events) return too_many();
    out.events.push_back(element);
  } while (scan.take(','));
  if (!scan.take(']')) return broken("a comma or the end of the array is missing");
  return {};
}

// Members `batch` and `sent_at` of an outer object; without a `batch` array the object is the event.
Status split_object(std::string_view object, Slices& out) {
  Scanner scan{object.data() + 1, object.data() + object.size()};
  std::string_view batch;
  if (!scan.take('}')) {
    do {
      scan.spaces();
      if (scan.at == scan.end || *scan.at != '"') return broken("a member name is missing");
      const std::string_view name = scan.string();
      if (!scan.ok || !scan.take(':')) return broken("a colon is missing");
      const std::string_view value = scan.value();
      if (!scan.ok) return broken("a value does not end");
      if (name == "\"batch\"" && value.starts_with('[')) batch = value;
      if (name == "\"sent_at\"") out.sent_at = value;
    } while (scan.take(','));
    if (!scan.take('}')) return broken("a comma or the end of the object is missing");
  }
  if (!batch.empty()) return split_array(batch, out);
  out.sent_at = {};
  out.events.push_back(object);
  return {};
}

}  // namespace

std::optional<BodyFormat> parse_media_type(std::string_view content_type) {
  std::string type;
  for (const char c : trim(content_type.substr(0, content_type.find(';'))))
    type += c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c;
  if (type == "application/x-ndjson" || type == "application/ndjson" || type == "application/jsonl")
    return BodyFormat::ndjson;
  if (type == "application/json") return BodyFormat::json;
  if (type == "application/cloudevents-batch+json") return BodyFormat::cloudevents_batch;
  if (type == "application/cloudevents+json") return BodyFormat::cloudevents;
  return std::nullopt;
}

Status split_body(BodyFormat format, std::string_view body, Slices& out) {
  out.events.clear();
  out.sent_at = {};
  if (body.starts_with("\xEF\xBB\xBF")) body.remove_prefix(3);
  if (format == BodyFormat::ndjson) return split_lines(body, out);
  body = trim(body);
  Scanner scan{body.data(), body.data() + body.size()};
  const std::string_view value = scan.value();
  if (!scan.ok) return broken(body.empty() ? "it is empty" : "it does not end");
  if (value.size() != body.size())
    return broken("there is more after the first value; several events in lines are application/x-ndjson");
  const bool array = value.front() == '[';
  if (format == BodyFormat::cloudevents && array)
    return broken("several events are application/cloudevents-batch+json");
  if (format == BodyFormat::cloudevents_batch && !array) return broken("a batch of CloudEvents is an array");
  if (array) return split_array(value, out);
  if (format == BodyFormat::json && value.front() == '{') return split_object(value, out);
  out.events.push_back(value);
  return {};
}

}  // namespace aybiza
