#include "dashboard/preferences.h"

#include <algorithm>
#include <cctype>

#include "auth/file.h"
#include "base/check.h"
#include "dashboard/address.h"
#include "dashboard/page_limits.h"
#include "dashboard/texts.h"
#include "liveview/json.h"
#include "query/zone.h"

namespace aybiza::dashboard {
namespace {

using liveview::Json;
using liveview::JsonWriter;

constexpr std::string_view overview[] = {"active_agents", "active_calls", "calls_today", "success_rate", "avg_resolution_ms", "p95_voice_latency_ms", "avg_sentiment",
                                         "spend_today_usd", "volume", "latency", "regions", "sentiment", "outcomes", "masked"};
constexpr std::string_view agents[] = {"fleet", "fleet_worst", "heat"};
constexpr std::string_view conversations[] = {"moods", "topics", "emotions", "lengths", "stages", "flow", "resolution_times"};
constexpr std::string_view costs[] = {"spend_usd", "cost_per_call", "cost_per_resolved", "cache_share", "spend", "cost_map"};
constexpr std::string_view learning[] = {"progress", "knowledge", "patterns", "experiments", "changes", "pattern_list", "improvement_list"};
constexpr std::string_view system_tiles[] = {"ingest", "ways_in", "log_and_store", "shards", "troubles", "machines"};
constexpr PageTiles pages[] = {{"/", "tab.overview", overview}, {"/agents", "tab.agents", agents}, {"/conversations", "tab.conversations", conversations},
                               {"/costs", "tab.costs", costs},  {"/learning", "tab.learning", learning}, {"/system", "tab.system", system_tiles}};

bool is_tile(std::string_view name) {
  return std::ranges::any_of(pages, [&](const PageTiles& page) { return std::ranges::find(page.tiles, name) != page.tiles.end(); });
}

bool is_person(std::string_view person) {
  return !person.empty() && person.size() <= limits::id_bytes && std::ranges::all_of(person, [](unsigned char c) { return std::isalnum(c) != 0; });
}

}  // namespace

std::string_view to_string(Theme theme) {
  constexpr std::string_view words[] = {"system", "dark", "light"};
  return words[std::size_t(theme)];
}

std::string_view to_string(Density density) { return density == Density::compact ? "compact" : "comfortable"; }

std::string to_json(const Preferences& p) {
  JsonWriter json;
  json.begin_object().key("version").integer(1).field("theme", to_string(p.theme)).field("density", to_string(p.density)).field("language", p.language)
      .field("zone", p.zone).field("range", p.range).key("hidden").begin_array();
  for (const std::string& name : p.hidden) json.text(name);
  return json.end_array().end_object().str();
}

Preferences parse_preferences(std::string_view text) {
  Preferences out;
  if (text.size() > limits::preferences_bytes) return out;
  const auto json = liveview::parse_json(text);
  if (!json) return out;
  for (const Theme theme : {Theme::dark, Theme::light})
    if ((*json)["theme"].text() == to_string(theme)) out.theme = theme;
  if ((*json)["density"].text() == to_string(Density::compact)) out.density = Density::compact;
  if ((*json)["language"].is_text()) out.language = (*json)["language"].text();
  if ((*json)["zone"].is_text()) out.zone = (*json)["zone"].text();
  if ((*json)["range"].is_text()) out.range = (*json)["range"].text();
  if (const Json::Array* hidden = (*json)["hidden"].array())
    for (const Json& name : *hidden) out.hidden.emplace_back(name.text());
  return checked(std::move(out));
}

Preferences checked(Preferences wanted) {
  const Preferences plain;
  if (texts_of(wanted.language).language() != wanted.language) wanted.language = plain.language;
  if (wanted.zone.empty() || wanted.zone.size() > limits::id_bytes || !Zone::load(wanted.zone)) wanted.zone = plain.zone;
  if (std::ranges::find(ranges, wanted.range) == std::end(ranges)) wanted.range = plain.range;
  std::erase_if(wanted.hidden, [](const std::string& name) { return !is_tile(name); });
  std::ranges::sort(wanted.hidden);
  wanted.hidden.erase(std::ranges::unique(wanted.hidden).begin(), wanted.hidden.end());
  return wanted;
}

std::span<const PageTiles> tiles_of_pages() { return pages; }

std::string hiding_style(const Preferences& preferences) {
  std::string out;
  for (const std::string& name : preferences.hidden) out += (out.empty() ? "#tile-" : ",#tile-") + name;
  return out.empty() ? out : out + "{display:none}";
}

// FNV-1a: a name for a browser's cache, which nobody gains anything by forging.
std::string hiding_version(const Preferences& preferences) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : hiding_style(preferences)) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return fmt::format("{:016x}", hash);
}

Preferences PreferenceStore::of(const std::string& person) {
  CHECK(is_person(person));
  const std::lock_guard lock(mutex_);
  const auto [at, fresh] = held_.try_emplace(person);
  if (fresh)
    if (const auto bytes = auth::read_file(file_of(person))) at->second = parse_preferences(*bytes);
  return at->second;
}

Status PreferenceStore::set(const std::string& person, const Preferences& preferences) {
  CHECK(is_person(person));
  const std::lock_guard lock(mutex_);
  held_[person] = checked(preferences);
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) return fail(Code::io, "cannot make {}: {}", folder_.string(), error.message());
  return auth::replace_file(file_of(person), to_json(held_[person]) + "\n", 0600);
}

}  // namespace aybiza::dashboard
