#include "dashboard/definitions.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "liveview/json.h"
#include "liveview/tree.h"

namespace aybiza::dashboard {
namespace {

struct Figure {
  std::string_view name;
  Format format;
};
constexpr std::array figures{
    Figure{"active_agents", Format::count}, Figure{"active_calls", Format::count}, Figure{"calls_today", Format::count},
    Figure{"success_rate", Format::share}, Figure{"avg_resolution_ms", Format::minutes}, Figure{"p95_voice_latency_ms", Format::milliseconds},
    Figure{"avg_sentiment", Format::score}, Figure{"spend_today_usd", Format::usd}, Figure{"volume", Format::count}, Figure{"sentiment", Format::score},
    Figure{"regions", Format::count}, Figure{"latency", Format::milliseconds}, Figure{"spend_usd", Format::usd}, Figure{"cost_per_call", Format::usd},
    Figure{"cost_per_resolved", Format::usd}, Figure{"cache_share", Format::share}, Figure{"spend", Format::usd}, Figure{"cost_map", Format::usd},
    Figure{"resolution_rate", Format::share}, Figure{"avg_satisfaction", Format::rating}, Figure{"interruption_share", Format::share},
    Figure{"moods", Format::share}, Figure{"topics", Format::count}, Figure{"emotions", Format::count}, Figure{"lengths", Format::count},
    Figure{"stages", Format::milliseconds}, Figure{"outcomes", Format::count}, Figure{"ingest_rate", Format::rate},
    Figure{"refused_share", Format::share}, Figure{"store_backlog", Format::count}, Figure{"store_lag", Format::span},
    Figure{"commit_p99", Format::milliseconds}, Figure{"memory_used", Format::bytes}, Figure{"dedup_horizon", Format::span},
    Figure{"sockets", Format::count}, Figure{"ingest", Format::rate}, Figure{"ways_in", Format::count}, Figure{"log_and_store", Format::count},
    Figure{"shards", Format::count}, Figure{"troubles", Format::count}, Figure{"machines", Format::count}, Figure{"audit", Format::count}, Figure{"changed", Format::count}, Figure{"to_screen", Format::milliseconds},
    Figure{"cardinality", Format::count}, Figure{"retention", Format::count}, Figure{"models", Format::count}, Figure{"admission", Format::count}, Figure{"learners", Format::count}, Figure{"error_rate", Format::share},
    Figure{"efficiency_score", Format::share}, Figure{"learning_patterns", Format::count}, Figure{"replicated_patterns", Format::count},
    Figure{"improvements", Format::count}, Figure{"knowledge_nodes", Format::count}, Figure{"unanswered_questions", Format::count},
    Figure{"progress", Format::share}, Figure{"knowledge", Format::count}, Figure{"patterns", Format::count}, Figure{"experiments", Format::share},
    Figure{"changes", Format::share}, Figure{"pattern_list", Format::count}, Figure{"improvement_list", Format::count}, Figure{"fleet", Format::count},
    Figure{"fleet_worst", Format::count}, Figure{"heat", Format::share}, Figure{"utilization", Format::share}, Figure{"flow", Format::count},
    Figure{"resolution_times", Format::count}, Figure{"tokens", Format::count}, Figure{"movers", Format::count}, Figure{"model_tokens", Format::count},
    Figure{"month", Format::usd}, Figure{"budgets", Format::usd}, Figure{"advice", Format::usd}, Figure{"what_if", Format::usd},
    Figure{"return", Format::usd}, Figure{"masked", Format::count}, Figure{"work_regions", Format::count}, Figure{"work", Format::count},
    Figure{"work_rates", Format::share}, Figure{"intervention_rate", Format::share}, Figure{"agent_interruption_share", Format::share}, Figure{"silence_share", Format::share}, Figure{"talk_ratio", Format::share},
    Figure{"found_turns", Format::count}, Figure{"cost_per_minute", Format::usd}, Figure{"cache_saved", Format::usd}, Figure{"unpriced_share", Format::share}, Figure{"cost_stages", Format::usd},
};

std::string_view text_or_nothing(const Texts& t, const std::string& key) {
  const std::string* text = t.find(key);
  return text ? std::string_view(*text) : std::string_view();
}

Definition defined(const Texts& t, const Figure& figure, int number) {
  const std::string key = "figure." + std::string(figure.name);
  return {figure.name, t(key), text_or_nothing(t, key + ".text"), text_or_nothing(t, key + ".formula"), text_or_nothing(t, key + ".source"), text_or_nothing(t, key + ".unit"), figure.format,
          text_or_nothing(t, key + ".counted"), number};
}

// Of one language, in the order of `figures`; the last one is of no figure.
std::vector<Definition> all_of(const Texts& t) {
  std::vector<Definition> out;
  for (const Figure& figure : figures) out.push_back(defined(t, figure, int(out.size()) + 1));
  out.push_back({"", t("figure.unknown"), t("figure.unknown.text"), "", "", "", Format::count, "", int(out.size()) + 1});
  return out;
}

}  // namespace

int number_of_moving(const Definition& definition) { return number_of(definition) + int(figures.size()) + 1; }
int number_of_table(const Definition& definition) { return number_of_moving(definition) + int(figures.size()) + 1; }
static_assert(3 * (std::size(figures) + 1) < liveview::first_private_cid);

std::string_view to_string(Format format) {
  constexpr std::string_view words[] = {"count", "share", "milliseconds", "minutes", "score", "usd", "rating", "rate", "bytes", "span"};
  return words[std::size_t(format)];
}

std::span<const Definition> all_definitions(const Texts& t) {
  static const std::vector<std::vector<Definition>> languages = [] {
    std::vector<std::vector<Definition>> out;
    for (const Texts* one : all_texts()) out.push_back(all_of(*one));
    return out;
  }();
  const auto language = std::ranges::find(all_texts(), &t);
  return std::span(languages[language == all_texts().end() ? 0 : std::size_t(language - all_texts().begin())]).first(figures.size());
}

const Definition& definition_of(const Texts& t, std::string_view name) {
  const auto table = all_definitions(t);
  const auto at = std::ranges::find(table, name, &Definition::name);
  return at == table.end() ? *std::to_address(table.end()) : *at;  // behind the last one stands the one of no figure
}

const Definition& definition_of(std::string_view name) { return definition_of(*all_texts().front(), name); }

std::string definitions_json(const Texts& t) {
  liveview::JsonWriter json;
  json.begin_object().field("language", t.language()).key("definitions").begin_array();
  for (const Definition& d : all_definitions(t))
    json.begin_object().field("name", d.name).field("title", d.title).field("definition", d.text).field("formula", d.formula).field("source", d.source).field("written_as", to_string(d.format)).field("unit", d.unit).field("n", d.counted).end_object();
  return json.end_array().end_object().str();
}

}  // namespace aybiza::dashboard
