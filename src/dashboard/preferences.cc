#include "dashboard/preferences.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "auth/file.h"
#include "base/check.h"
#include "dashboard/address.h"
#include "dashboard/call_columns.h"
#include "dashboard/page_limits.h"
#include "dashboard/texts.h"
#include "liveview/json.h"
#include "query/zone.h"

namespace aybiza::dashboard {
namespace {

using liveview::Json;
using liveview::JsonWriter;

constexpr std::string_view overview[] = {"active_agents", "active_calls", "calls_today", "success_rate", "avg_resolution_ms", "p95_voice_latency_ms", "avg_sentiment",
                                         "spend_today_usd", "volume", "latency", "regions", "sentiment", "outcomes", "movers", "masked"};
constexpr std::string_view agents[] = {"fleet", "fleet_worst", "work_regions", "work", "work_rates", "heat", "learners"};
constexpr std::string_view conversations[] = {"avg_sentiment", "resolution_rate", "avg_satisfaction", "intervention_rate", "interruption_share", "agent_interruption_share", "silence_share", "talk_ratio", "moods", "stages", "topics", "emotions", "lengths", "resolution_times", "flow"};
constexpr std::string_view costs[] = {"spend_usd", "spend_today_usd", "cost_per_call", "cost_per_minute", "cost_per_resolved", "cache_share", "cache_saved", "unpriced_share", "spend", "cost_map", "cost_stages", "tokens", "model_tokens", "month", "return", "what_if", "budgets", "advice"};
constexpr std::string_view learning[] = {"success_rate", "error_rate", "efficiency_score", "learning_patterns", "replicated_patterns", "improvements", "knowledge_nodes", "unanswered_questions",
                                         "progress", "knowledge", "patterns", "experiments", "changes", "pattern_list", "improvement_list"};
constexpr std::string_view system_tiles[] = {"ingest_rate", "refused_share", "store_backlog", "store_lag", "commit_p99", "memory_used", "dedup_horizon", "sockets",
                                             "to_screen", "ingest", "troubles", "ways_in", "log_and_store", "shards", "machines", "cardinality", "retention", "models", "audit", "admission", "changed", "masked"};
constexpr PageTiles pages[] = {{"/", "tab.overview", "#overview", overview}, {"/agents", "tab.agents", "#agents-page>.grid", agents}, {"/conversations", "tab.conversations", "#conversations-page", conversations},
                               {"/costs", "tab.costs", "#costs-page", costs}, {"/learning", "tab.learning", "#learning-page", learning}, {"/system", "tab.system", "#system-page", system_tiles}};

bool has(const PageTiles& page, std::string_view tile) { return std::ranges::find(page.tiles, tile) != page.tiles.end(); }

bool is_key(std::string_view key) {
  return std::ranges::any_of(pages, [&](const PageTiles& page) { return std::ranges::any_of(page.tiles, [&](std::string_view tile) { return key_of_tile(page, tile) == key; }); });
}

// Of one page where several have a tile of this name. An entry form goes with its tile.
std::string selector_of(const PageTiles& page, std::string_view tile) {
  const bool several = std::ranges::count_if(pages, [&](const PageTiles& other) { return has(other, tile); }) > 1;
  return fmt::format("{}#tile-{}", several ? fmt::format("{}>", page.grid) : "", tile);
}

// Names of the page's tiles, each once, and then those that are not among them; empty: as they come.
std::vector<std::string> checked_order(const PageTiles& page, const std::vector<std::string>& wanted) {
  std::vector<std::string> out;
  const auto add = [&](std::string_view tile) {
    if (has(page, tile) && std::ranges::find(out, tile) == out.end()) out.emplace_back(tile);
  };
  for (const std::string& tile : wanted) add(tile);
  for (const std::string_view tile : page.tiles) add(tile);
  return std::ranges::equal(out, page.tiles) ? std::vector<std::string>() : out;
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
  json.end_array().key("order").begin_object();
  for (const auto& [page, tiles] : p.order) {
    json.key(page).begin_array();
    for (const std::string& tile : tiles) json.text(tile);
    json.end_array();
  }
  json.end_object();
  if (p.call_columns) {
    json.key("call_columns").begin_array();
    for (const std::string& column : *p.call_columns) json.text(column);
    json.end_array();
  }
  return json.end_object().str();
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
  for (const PageTiles& page : pages)
    if (const Json::Array* tiles = (*json)["order"][page.name()].array())
      for (const Json& tile : *tiles) out.order[std::string(page.name())].emplace_back(tile.text());
  if (const Json::Array* columns = (*json)["call_columns"].array()) {
    out.call_columns.emplace();
    for (const Json& column : *columns) out.call_columns->emplace_back(column.text());
  }
  return checked(std::move(out));
}

Preferences checked(Preferences wanted) {
  const Preferences plain;
  if (texts_of(wanted.language).language() != wanted.language) wanted.language = plain.language;
  if (wanted.zone.empty() || wanted.zone.size() > limits::id_bytes || !Zone::load(wanted.zone)) wanted.zone = plain.zone;
  if (std::ranges::find(ranges, wanted.range) == std::end(ranges)) wanted.range = plain.range;
  std::erase_if(wanted.hidden, [](const std::string& name) { return !is_key(name); });
  std::ranges::sort(wanted.hidden);
  wanted.hidden.erase(std::ranges::unique(wanted.hidden).begin(), wanted.hidden.end());
  auto given = std::exchange(wanted.order, {});
  for (const PageTiles& page : pages)
    if (const auto at = given.find(page.name()); at != given.end())
      if (auto order = checked_order(page, at->second); !order.empty()) wanted.order.emplace(page.name(), std::move(order));
  wanted.call_columns = checked_columns(wanted.call_columns);
  return wanted;
}

std::span<const PageTiles> tiles_of_pages() { return pages; }

std::string key_of_tile(const PageTiles& page, std::string_view tile) {
  const auto first = std::ranges::find_if(pages, [&](const PageTiles& other) { return has(other, tile); });
  return first->name() == page.name() ? std::string(tile) : fmt::format("{}/{}", page.name(), tile);
}

std::vector<std::string> order_of(const Preferences& preferences, const PageTiles& page) {
  const auto at = preferences.order.find(page.name());
  return at != preferences.order.end() ? at->second : std::vector<std::string>(page.tiles.begin(), page.tiles.end());
}

const PageTiles* tiles_of_page(std::string_view path) {
  const auto at = std::ranges::find(pages, path, &PageTiles::path);
  return at == std::end(pages) ? nullptr : &*at;
}

Preferences placed(Preferences preferences, const PageTiles& page, std::string_view tile, std::string_view before) {
  auto order = order_of(preferences, page);
  const auto from = std::ranges::find(order, tile);
  if (from == order.end() || tile == before) return preferences;
  order.erase(from);
  order.insert(std::ranges::find(order, before), std::string(tile));
  preferences.order[std::string(page.name())] = std::move(order);
  return checked(std::move(preferences));
}

std::string tiles_style(const Preferences& preferences) {
  std::string hidden, order;
  for (const std::string& key : preferences.hidden)
    for (const PageTiles& page : pages)
      for (const std::string_view tile : page.tiles)
        if (key_of_tile(page, tile) == key) hidden += fmt::format("{}{}", hidden.empty() ? "" : ",", selector_of(page, tile));
  for (const PageTiles& page : pages) {
    const auto at = preferences.order.find(page.name());
    if (at == preferences.order.end()) continue;
    for (std::size_t i = 0; i < at->second.size(); ++i) order += fmt::format("{}>:is(#tile-{},#entry-{}){{order:{}}}", page.grid, at->second[i], at->second[i], i + 1);
  }
  return (hidden.empty() ? hidden : hidden + "{display:none}") + order;
}

// FNV-1a: a name for a browser's cache, which nobody gains anything by forging.
std::string tiles_version(const Preferences& preferences) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : tiles_style(preferences)) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
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
