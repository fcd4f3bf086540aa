#include "dashboard/call_columns.h"

#include <algorithm>

#include "dashboard/show.h"

namespace aybiza::dashboard {

using namespace liveview;

namespace {

using Look = CallRowLook;

Node or_dash(std::string_view text) { return Node::text(text.empty() ? dash : text); }
Node dimension(const CallRow& call, Field field) { return or_dash(call.dims[field]); }
Node word(const Look& look, std::string_view word) { return Node::text(word.empty() ? std::string(dash) : show_word(look.texts, word)); }
Node count(const Look& look, const Number& n) { return Node::text(n ? show_count(look.texts, double(*n)) : std::string(dash)); }
Node latency(const Look& look, const Number& us) { return Node::text(show_us(look.texts, us)); }
Node share(const Look& look, const Number& e4) { return Node::text(e4 ? show_share(look.texts, double(*e4) / 10'000) : std::string(dash)); }
Node score(const Look& look, const Number& e4) { return Node::text(e4 ? show_number(look.texts, double(*e4) / 10'000, 1) : std::string(dash)); }

std::string_view tone_of(std::string_view outcome) {
  if (outcome == "successful") return "status good";
  if (outcome_is_bad(outcome)) return "status bad";
  if (outcome == "abandoned" || outcome == "no_answer" || outcome == "busy") return "status warn";
  if (outcome == "transferred") return "status info";
  return "status idle";
}

Node outcome(const CallRow& call, const Look& look) {
  const bool live = call.state == CallState::active;
  return html<"<span class=\"{}\">{}</span>">(live ? std::string_view("status info") : tone_of(call.call_outcome), live ? std::string(look.texts("calls.active")) : show_word(look.texts, call.call_outcome));
}

Node length(const CallRow& call, const Look& look) {
  if (call.duration_us) return Node::text(show_duration(Duration(*call.duration_us)));
  return Node::text(call.state == CallState::active ? show_duration(std::max(Duration(0), look.now - call.start)) : std::string(dash));
}

template <Field F>
constexpr auto of_dimension = [](const CallRow& call, const Look&) { return dimension(call, F); };
template <Number CallRow::* Figure, Node (*As)(const Look&, const Number&)>
constexpr auto of_figure = [](const CallRow& call, const Look& look) { return As(look, call.*Figure); };

constexpr CallColumn all[] = {
    {"outcome", "dimension.call_outcome", false, true, outcome},
    {"customer", "dimension.customer_id", false, true, of_dimension<Field::customer_id>},
    {"agent", "dimension.agent_id", false, true, [](const CallRow& call, const Look&) { return or_dash(call.dims[Field::agent_name].empty() ? call.dims[Field::agent_id] : call.dims[Field::agent_name]); }},
    {"region", "dimension.region", false, true, of_dimension<Field::region>},
    {"model", "dimension.model_used", false, true, of_dimension<Field::model_used>},
    {"length", "calls.length", true, true, length},
    {"turns", "column.turns", true, true, [](const CallRow& call, const Look& look) { return Node::text(show_count(look.texts, double(call.turns))); }},
    {"latency", "calls.latency", true, true, of_figure<&CallRow::voice_latency_us, latency>},
    {"cost", "calls.cost", true, true, [](const CallRow& call, const Look& look) { return Node::text(show_usd(look.texts, call.cost_nano ? std::optional(double(*call.cost_nano) / 1e9) : std::nullopt)); }},
    {"resolution", "calls.resolution", false, false, [](const CallRow& call, const Look& look) { return word(look, call.resolution_status); }},
    {"end_reason", "calls.end_reason", false, false, [](const CallRow& call, const Look& look) { return word(look, call.end_reason); }},
    {"kind", "dimension.agent_type", false, false, of_dimension<Field::agent_type>},
    {"version", "dimension.agent_version", false, false, of_dimension<Field::agent_version>},
    {"campaign", "dimension.campaign", false, false, of_dimension<Field::campaign>},
    {"direction", "dimension.direction", false, false, [](const CallRow& call, const Look& look) { return word(look, call.dims[Field::direction]); }},
    {"channel", "dimension.channel", false, false, [](const CallRow& call, const Look& look) { return word(look, call.dims[Field::channel]); }},
    {"language", "dimension.language", false, false, of_dimension<Field::language>},
    {"carrier", "dimension.carrier", false, false, of_dimension<Field::carrier>},
    {"external_id", "calls.external_id", false, false, [](const CallRow& call, const Look&) { return or_dash(call.external_call_id); }},
    {"stt", "calls.stt", true, false, of_figure<&CallRow::stt_latency_us, latency>},
    {"llm", "calls.llm", true, false, of_figure<&CallRow::llm_latency_us, latency>},
    {"tts", "calls.tts", true, false, of_figure<&CallRow::tts_latency_us, latency>},
    {"tokens", "calls.tokens", true, false, of_figure<&CallRow::tokens_consumed, count>},
    {"errors", "calls.errors", true, false, of_figure<&CallRow::error_count, count>},
    {"interventions", "calls.interventions", true, false, [](const CallRow& call, const Look& look) { return Node::text(show_count(look.texts, double(call.interventions))); }},
    {"satisfaction", "calls.satisfaction", true, false, of_figure<&CallRow::satisfaction_e4, score>},
    {"quality", "calls.quality", true, false, of_figure<&CallRow::quality_e4, share>},
    {"efficiency", "column.efficiency_score", true, false, of_figure<&CallRow::efficiency_e4, share>},
};

}  // namespace

std::span<const CallColumn> call_columns() { return all; }

bool outcome_is_bad(std::string_view call_outcome) { return call_outcome == "failed" || call_outcome == "error" || call_outcome == "timeout"; }

ChosenColumns checked_columns(const ChosenColumns& wanted) {
  if (!wanted) return std::nullopt;
  std::vector<std::string> out, plain;
  for (const CallColumn& column : all) {
    if (std::ranges::find(*wanted, column.name) != wanted->end()) out.emplace_back(column.name);
    if (column.shown) plain.emplace_back(column.name);
  }
  return out == plain ? std::nullopt : ChosenColumns(out);
}

std::vector<const CallColumn*> columns_of(const ChosenColumns& chosen) {
  std::vector<const CallColumn*> out;
  for (const CallColumn& column : all)
    if (chosen ? std::ranges::find(*chosen, column.name) != chosen->end() : column.shown) out.push_back(&column);
  return out;
}

}  // namespace aybiza::dashboard
