#include "fleet/import_map.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "base/limits.h"
#include "base/units.h"
#include "codec/json_writer.h"

namespace aybiza {
namespace {

using What = ImportMember::What;

struct UnitName {
  std::string_view name;
  ImportUnit unit;
};
constexpr UnitName time_units[] = {{"rfc3339", ImportUnit::rfc3339}, {"unix_s", ImportUnit::unix_s}, {"unix_ms", ImportUnit::unix_ms}, {"unix_us", ImportUnit::unix_us}};
constexpr UnitName length_units[] = {{"ms", ImportUnit::ms}, {"s", ImportUnit::s}, {"us", ImportUnit::us}};
constexpr UnitName money_units[] = {{"usd", ImportUnit::usd}, {"cents", ImportUnit::cents}, {"usd_micro", ImportUnit::usd_micro}, {"usd_nano", ImportUnit::usd_nano}};

// Those a member may have; the first is not its default: it is asked for.
std::span<const UnitName> units_of(const ImportMember& member) {
  if (member.what == What::time || member.kind == Kind::time) return time_units;
  if (member.kind == Kind::millis || member.kind == Kind::seconds) return length_units;
  if (member.kind == Kind::money) return money_units;
  return {};
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r"), last = text.find_last_not_of(" \t\r");
  return first == text.npos ? std::string_view() : text.substr(first, last - first + 1);
}

bool is_wire_field(const FieldInfo& field) {
  return std::ranges::any_of(std::array{EventType::call_started, EventType::call_updated, EventType::call_ended, EventType::call_rated, EventType::call_intervened, EventType::turn,
                                        EventType::usage, EventType::agent_status, EventType::system, EventType::metric, EventType::learning_pattern, EventType::learning_knowledge,
                                        EventType::learning_improvement, EventType::change},
                             [&](EventType type) { return find_field(type, field.name) == field.field; });
}

bool find_member(std::string_view name, ImportMember& member) {
  member.name = name;
  for (const auto& [own, what] : {std::pair{std::string_view("type"), What::type}, {"id", What::id}, {"time", What::time}})
    if (own == name) return member.what = what, true;
  for (const FieldInfo& field : fields())
    if (field.name == name && is_wire_field(field)) return member.what = What::field, member.kind = field.kind, true;
  return false;
}

Status read_unit(std::string_view word, ImportMember& member) {
  const auto known = units_of(member);
  const auto names = [&] {
    std::string out;
    for (const UnitName& unit : known) out += fmt::format("{}{}", out.empty() ? "" : ", ", unit.name);
    return out;
  };
  if (known.empty()) return word.empty() ? Status{} : fail(Code::invalid, "{} has no unit: leave out `as {}`", member.name, word);
  if (word.empty()) return fail(Code::invalid, "say the unit of {}: write `as` and one of {}", member.name, names());
  for (const UnitName& unit : known)
    if (unit.name == word) return member.unit = unit.unit, Status{};
  return fail(Code::invalid, "'{}' is no unit of {}: known are {}", word, member.name, names());
}

Result<ImportMember> parse_line(std::string_view line) {
  const std::size_t equals = line.find('=');
  if (equals == line.npos) return fail(Code::invalid, "write member = column, member = \"column\" as unit, or member = 'text'");
  ImportMember member;
  const std::string_view name = trimmed(line.substr(0, equals));
  if (!find_member(name, member)) return fail(Code::invalid, "'{}' is no member of an event: type, id, time, and the fields of docs/ingest.md", name);
  std::string_view right = trimmed(line.substr(equals + 1));
  if (right.empty()) return fail(Code::invalid, "{} names no column", name);
  std::string_view after;
  if (right.front() == '\'' || right.front() == '"') {
    const std::size_t close = right.find(right.front(), 1);
    if (close == right.npos) return fail(Code::invalid, "a quote is opened and not closed");
    member.constant = right.front() == '\'';
    member.column = right.substr(1, close - 1);
    after = trimmed(right.substr(close + 1));
  } else {
    const std::size_t as = right.rfind(" as ");
    member.column = trimmed(right.substr(0, as));
    if (as != right.npos) after = trimmed(right.substr(as + 1));
  }
  if (!after.empty() && !after.starts_with("as ")) return fail(Code::invalid, "'{}' is not understood; after a column comes `as` and a unit", after);
  if (!after.empty()) after = trimmed(after.substr(3));
  AYBIZA_TRY(read_unit(after, member));
  return member;
}

std::string_view own_unit(const ImportMember& member) {
  if (member.what == What::time || member.kind == Kind::time) return "rfc3339";
  if (member.kind == Kind::millis) return "ms";
  if (member.kind == Kind::seconds) return "s";
  return member.kind == Kind::money ? "usd" : "";
}

Status complete(const std::vector<ImportMember>& members) {
  for (const auto& [what, name, example] : {std::tuple{What::type, "type", "type = 'call.ended'"}, {What::time, "time", "time = started_at as rfc3339"}})
    if (std::ranges::find(members, what, &ImportMember::what) == members.end())
      return fail(Code::invalid, "nothing says the {} of the events: give a map with a line like {}", name, example);
  return {};
}

}  // namespace

Result<std::vector<ImportMember>> parse_import_map(std::string_view text) {
  if (text.size() > limits::import_map_bytes) return fail(Code::too_large, "a map has at most {} bytes", limits::import_map_bytes);
  std::vector<ImportMember> members;
  std::size_t number = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = trimmed(rest.substr(0, rest.find('\n')));
    rest.remove_prefix(std::min(rest.size(), rest.find('\n') == rest.npos ? rest.size() : rest.find('\n') + 1));
    ++number;
    if (line.empty() || line.front() == '#') continue;
    auto member = parse_line(line);
    if (!member) return fail(Code::invalid, "line {}: {}", number, member.error().message);
    if (std::ranges::find(members, member->name, &ImportMember::name) != members.end()) return fail(Code::invalid, "line {}: {} is said twice", number, member->name);
    members.push_back(std::move(*member));
  }
  AYBIZA_TRY(complete(members));
  return members;
}

Result<std::vector<ImportMember>> own_names(const std::vector<std::string>& columns) {
  std::vector<ImportMember> members;
  for (const std::string& column : columns) {
    ImportMember member;
    if (!find_member(column, member)) continue;
    AYBIZA_TRY(read_unit(own_unit(member), member));
    member.column = column;
    members.push_back(std::move(member));
  }
  AYBIZA_TRY(complete(members));
  return members;
}

std::optional<std::string> shift_decimal(std::string_view text, int places) {
  bool negative = false;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) negative = text.front() == '-', text.remove_prefix(1);
  if (const std::size_t e = text.find_first_of("eE"); e != text.npos) {
    std::string_view power = text.substr(e + 1);
    if (power.starts_with('+')) power.remove_prefix(1);
    int by = 0;
    const auto [end, error] = std::from_chars(power.data(), power.data() + power.size(), by);
    if (error != std::errc() || end != power.data() + power.size() || by < -60 || by > 60) return std::nullopt;
    places += by;
    text = text.substr(0, e);
  }
  const std::size_t point = text.find('.');
  std::string digits(text.substr(0, point));
  if (point != text.npos) digits += text.substr(point + 1);
  if (digits.empty() || digits.size() > 60 || digits.find_first_not_of("0123456789") != digits.npos) return std::nullopt;
  auto whole = std::ptrdiff_t(point == text.npos ? digits.size() : point) + places;
  if (whole <= 0) digits.insert(0, std::size_t(1 - whole), '0'), whole = 1;
  if (std::size_t(whole) > digits.size()) digits.append(std::size_t(whole) - digits.size(), '0');
  std::string out = digits.substr(0, std::size_t(whole)), fraction = digits.substr(std::size_t(whole));
  out.erase(0, std::min(out.find_first_not_of('0'), out.size() - 1));
  fraction.erase(fraction.find_last_not_of('0') + 1);
  if (!fraction.empty()) out += "." + fraction;
  return negative && out != "0" ? "-" + out : out;
}

namespace {

int places_of(ImportUnit unit) {  // to the unit of the wire: ms or s (see below), usd, microseconds
  switch (unit) {
    case ImportUnit::unix_s: return 6;
    case ImportUnit::unix_ms: case ImportUnit::us: return unit == ImportUnit::us ? -3 : 3;
    case ImportUnit::s: return 3;
    case ImportUnit::cents: return -2;
    case ImportUnit::usd_micro: return -6;
    case ImportUnit::usd_nano: return -9;
    default: return 0;
  }
}

Result<Instant> time_of(const std::string& text, ImportUnit unit) {
  if (unit == ImportUnit::rfc3339) {
    if (const auto time = parse_rfc3339(text)) return *time;
    return fail(Code::invalid, "'{}' is not RFC 3339 with an offset, like 2026-11-21T09:00:00Z", text);
  }
  const auto micros = shift_decimal(text, places_of(unit));
  std::int64_t value = 0;
  const std::string_view whole = micros ? std::string_view(*micros).substr(0, micros->find('.')) : std::string_view();
  const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), value);
  if (!micros || error != std::errc() || end != whole.data() + whole.size()) return fail(Code::invalid, "'{}' is not a number of seconds, milliseconds or microseconds", text);
  return from_micros(value);
}

Status write_value(JsonWriter& json, const ImportMember& member, const std::string& text) {
  const auto number = [&](int places) -> Status {
    const auto shifted = shift_decimal(text, places);
    if (!shifted) return fail(Code::invalid, "'{}' is not a number", text);
    json.raw(*shifted);
    return {};
  };
  switch (member.kind) {
    case Kind::flag:
      for (const auto& [word, value] : {std::pair{std::string_view("true"), true}, {"false", false}, {"1", true}, {"0", false}, {"yes", true}, {"no", false}})
        if (word == text) return json.boolean(value), Status{};
      return fail(Code::invalid, "'{}' is not true or false", text);
    case Kind::time: {
      const auto time = time_of(text, member.unit);
      if (!time) return std::unexpected(time.error());
      json.string(format_rfc3339(*time));
      return {};
    }
    case Kind::seconds: return number(places_of(member.unit) - 3);
    case Kind::millis: case Kind::money: case Kind::count: case Kind::score: case Kind::real: return number(places_of(member.unit));
    case Kind::json: case Kind::vector: {
      simdjson::dom::parser parser;
      simdjson::dom::element element;
      if (parser.parse(text).get(element) != simdjson::SUCCESS) return fail(Code::invalid, "'{}' is not JSON", text.substr(0, 80));
      json.raw(simdjson::minify(element));
      return {};
    }
    default: json.string(text); return {};
  }
}

}  // namespace

Result<Importer> Importer::bind(std::vector<ImportMember> members, const std::vector<std::string>& columns) {
  Importer importer;
  for (ImportMember& member : members) {
    importer.with_id_ |= member.what == What::id;
    if (member.constant) continue;
    const auto at = std::ranges::find(columns, member.column);
    if (at == columns.end())
      return fail(Code::invalid, "the file has no column '{}', which the map takes for {}; it has {}: correct the map, or the file's header", member.column, member.name, fmt::join(columns, ", "));
    if (std::ranges::count(columns, member.column) > 1) return fail(Code::invalid, "the file has two columns '{}': give them names of their own", member.column);
    member.index = std::size_t(at - columns.begin());
  }
  importer.members_ = std::move(members);
  return importer;
}

std::vector<std::string> Importer::unused(const std::vector<std::string>& columns) const {
  std::vector<std::string> out;
  for (const std::string& column : columns)
    if (std::ranges::none_of(members_, [&](const ImportMember& member) { return !member.constant && member.column == column; })) out.push_back(column);
  return out;
}

Result<std::string> Importer::event(std::span<const std::string> cells) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  const auto each = [&](bool data) -> Status {
    for (const ImportMember& member : members_) {
      const std::string& text = member.constant ? member.column : cells[member.index];
      if ((member.what == What::field) != data || text.empty()) continue;
      json.key(member.name);
      Status done;
      if (data) done = write_value(json, member, text);
      else if (member.what != What::time) json.string(text);
      else if (const auto time = time_of(text, member.unit)) json.string(format_rfc3339(*time));
      else done = std::unexpected(time.error());
      if (!done) return member.constant ? fail(Code::invalid, "{}: {}", member.name, done.error().message) : fail(Code::invalid, "column {}: {}", member.column, done.error().message);
    }
    return {};
  };
  AYBIZA_TRY(each(false));
  if (!with_id_) {
    std::string content;
    for (const std::string& cell : cells) content += fmt::format("{}:{}", cell.size(), cell);
    const Id row = hash128(content);
    json.member("id", fmt::format("{}-{}", to_string(row), ++seen_[row]));
  }
  json.key("data").begin_object();
  AYBIZA_TRY(each(true));
  json.end_object().end_object();
  return out;
}

}  // namespace aybiza
