#include "model/measure.h"

#include <array>
#include <utility>

namespace aybiza {
namespace {

using std::string_view;

constexpr std::array<string_view, quantity_count> quantities = {
    "duration_ms", "voice_latency_ms", "cost_usd", "stt_latency_ms", "llm_latency_ms", "tts_latency_ms",
    "response_time_ms"};

constexpr std::array<std::pair<string_view, What>, 39> plain = {{
    {"calls", What::calls}, {"active_calls", What::active_calls}, {"active_agents", What::active_agents},
    {"successful_calls", What::successful_calls}, {"success_rate", What::success_rate},
    {"resolved_calls", What::resolved_calls}, {"resolution_rate", What::resolution_rate},
    {"escalated_calls", What::escalated_calls}, {"escalation_rate", What::escalation_rate},
    {"intervened_calls", What::intervened_calls}, {"errors", What::errors}, {"error_rate", What::error_rate},
    {"rated_calls", What::rated_calls}, {"avg_satisfaction", What::avg_satisfaction},
    {"cost_per_call", What::cost_per_call}, {"quality_score", What::quality_score},
    {"efficiency_score", What::efficiency_score}, {"utilization", What::utilization}, {"turns", What::turns},
    {"interruptions", What::interruptions}, {"avg_sentiment", What::avg_sentiment},
    {"sentiment_confidence", What::sentiment_confidence}, {"cost_usd", What::cost_usd}, {"tokens", What::tokens},
    {"input_tokens", What::input_tokens}, {"output_tokens", What::output_tokens},
    {"cache_read_tokens", What::cache_read_tokens},
    {"learning_patterns", What::learning_patterns}, {"active_patterns", What::active_patterns},
    {"successful_patterns", What::successful_patterns}, {"failed_patterns", What::failed_patterns},
    {"replicated_patterns", What::replicated_patterns}, {"pattern_confidence", What::pattern_confidence},
    {"improvements", What::improvements}, {"knowledge_nodes", What::knowledge_nodes},
    {"knowledge_edges", What::knowledge_edges}, {"knowledge_orphans", What::knowledge_orphans},
    {"unanswered_questions", What::unanswered_questions}, {"changes", What::changes},
}};

constexpr std::array<std::pair<string_view, Statistic>, 8> families = {{
    {"avg_", Statistic::avg}, {"p50_", Statistic::p50}, {"p90_", Statistic::p90}, {"p95_", Statistic::p95},
    {"p99_", Statistic::p99}, {"min_", Statistic::min}, {"max_", Statistic::max}, {"hist_", Statistic::histogram},
}};

constexpr std::array<string_view, dimension_count> dimensions = {
    "customer_id", "agent_id", "agent_type", "agent_version", "region", "model_used", "campaign", "language",
    "direction", "channel", "provider_stt", "provider_llm", "provider_tts", "carrier", "experiment", "variant",
    "call_outcome", "resolution_status", "end_reason", "emotion", "topic", "intent", "state", "speaker",
    "sentiment_class", "hour_of_day", "day_of_week"};

std::optional<Measure> parse_unmoved(string_view text) {
  for (const auto& [word, what] : plain)
    if (word == text) return Measure{.what = what, .text = std::string(text)};
  for (const auto& [prefix, statistic] : families) {
    if (!text.starts_with(prefix)) continue;
    for (std::size_t i = 0; i < quantity_count; ++i)
      if (text.substr(prefix.size()) == quantities[i])
        return Measure{.what = What::statistic, .statistic = statistic, .quantity = Quantity(i), .text = std::string(text)};
  }
  return std::nullopt;
}

std::optional<Measure> parse_metric(string_view text) {
  constexpr string_view prefix = "metric:";
  const std::size_t colon = text.rfind(':');  // names may contain colons: the last one splits
  if (colon == string_view::npos || colon < prefix.size() || colon == prefix.size()) return std::nullopt;
  const string_view aggregation = text.substr(colon + 1);
  for (string_view known : {"sum", "count", "avg", "last", "min", "max", "p50", "p90", "p95", "p99", "rate", "distinct"})
    if (aggregation == known)
      return Measure{.what = What::metric,
                     .metric_name = std::string(text.substr(prefix.size(), colon - prefix.size())),
                     .metric_aggregation = std::string(aggregation),
                     .text = std::string(text)};
  return std::nullopt;
}

}  // namespace

string_view to_string(Quantity q) { return quantities[std::size_t(q)]; }
string_view to_string(Dimension d) { return d == Dimension::tag ? "tag" : dimensions[std::size_t(d)]; }

Entity entity_of(const Measure& m) {
  if (m.what == What::metric) return Entity::metric;
  if (m.what > What::metric) return Entity::learning;
  if (m.what == What::statistic) return of_call(m.quantity) ? Entity::call : Entity::turn;
  if (m.what >= What::cost_usd) return Entity::usage;
  return m.what >= What::turns ? Entity::turn : Entity::call;
}

std::optional<Measure> parse_measure(string_view text) {
  if (text.starts_with("metric:")) return parse_metric(text);
  if (text.starts_with("ma_")) {
    auto measure = parse_unmoved(text.substr(3));
    if (!measure || measure->statistic == Statistic::histogram || entity_of(*measure) == Entity::learning) return std::nullopt;
    measure->moving = true;
    measure->text = std::string(text);
    return measure;
  }
  return parse_unmoved(text);
}

std::optional<Dimension> parse_dimension(string_view text) {
  for (std::size_t i = 0; i < dimension_count; ++i)
    if (dimensions[i] == text) return Dimension(i);
  return std::nullopt;
}

std::vector<std::string> all_measures() {
  std::vector<std::string> words;
  for (const auto& entry : plain) words.emplace_back(entry.first);
  for (const auto& family : families)
    for (string_view quantity : quantities) words.push_back(std::string(family.first).append(quantity));
  words.emplace_back("ma_<measure>");
  words.emplace_back("metric:<name>:<sum|count|avg|last|min|max|p50|p90|p95|p99|rate|distinct>");
  return words;
}

std::vector<std::string> all_dimensions() { return {dimensions.begin(), dimensions.end()}; }

}  // namespace aybiza
