#include "dashboard/call_page.h"

#include <algorithm>

#include "base/limits.h"
#include "dashboard/plain_table.h"
#include "dashboard/show.h"
#include "dashboard/tile.h"
#include "dashboard/turn_waterfall.h"
#include "query/turn_labels.h"

namespace aybiza::dashboard {

using namespace liveview;
using namespace std::chrono_literals;

namespace {

struct Fact {
  std::string_view name;
  std::string value;
};

Node facts_list(const std::vector<Fact>& facts) {
  return each(facts, [](const Fact& f) { return f.name; }, [](const Fact& f) { return html<"<div><dt>{}</dt><dd>{}</dd></div>">(f.name, f.value); });
}

void add(std::vector<Fact>& facts, std::string_view name, std::string value) {
  if (!value.empty() && value != dash) facts.push_back({name, std::move(value)});
}

std::string score_e4(const Texts& t, const Number& value) { return value ? show_score(t, double(*value) / 1e4) : std::string(dash); }
std::string share_e4(const Texts& t, const Number& value) { return value ? show_share(t, double(*value) / 1e4) : std::string(dash); }
std::string usd(const Texts& t, const Number& nano) { return show_usd(t, nano ? std::optional(double(*nano) / 1e9) : std::nullopt); }

std::vector<Fact> facts_of(const CallRow& c, const Zone& zone, Instant now, const Texts& t) {
  std::vector<Fact> facts;
  add(facts, t("dimension.customer_id"), c.dims[Field::customer_id]);
  add(facts, t("dimension.agent_id"), c.dims[Field::agent_name].empty() ? c.dims[Field::agent_id] : c.dims[Field::agent_name]);
  add(facts, t("call.agent_version"), c.dims[Field::agent_version]);
  add(facts, t("dimension.region"), c.dims[Field::region]);
  add(facts, t("dimension.model_used"), c.dims[Field::model_used]);
  add(facts, t("dimension.language"), c.dims[Field::language]);
  add(facts, t("call.direction"), c.dims[Field::direction].empty() ? "" : show_word(t, c.dims[Field::direction]));
  add(facts, t("call.started"), show_moment(c.start, zone, t));
  add(facts, t("calls.length"), c.duration_us ? show_duration(Duration(*c.duration_us)) : show_duration(std::max(Duration(0), c.ended.value_or(now) - c.start)));
  add(facts, t("call.resolution"), c.resolution_status.empty() ? "" : show_word(t, c.resolution_status));
  add(facts, t("call.end_reason"), c.end_reason.empty() ? "" : show_word(t, c.end_reason));
  add(facts, t("call.voice_latency"), show_us(t, c.voice_latency_us));
  add(facts, t("calls.cost"), usd(t, c.cost_nano));
  add(facts, t("figure.avg_satisfaction"), c.satisfaction_e4 ? t("call.of_five", show_number(t, double(*c.satisfaction_e4) / 1e4, 1)) : "");
  add(facts, t("call.quality"), share_e4(t, c.quality_e4));
  add(facts, t("figure.efficiency_score"), share_e4(t, c.efficiency_e4));
  add(facts, t("call.errors"), c.error_count ? show_count(t, double(*c.error_count)) : "");
  add(facts, t("call.caller"), c.caller_number);
  add(facts, t("call.external_id"), c.external_call_id);
  return facts;
}

std::string_view mood_class(const Number& sentiment) {
  const std::string_view mood = sentiment_class_of(sentiment);
  return mood == "positive" ? "status good" : mood == "negative" ? "status bad" : "status idle";
}

Instant begin_of(const TurnRow& turn) { return turn.started.value_or(turn.time); }

Node tags_of(const TurnRow& turn, const Texts& t) {
  struct Tag {
    std::string text;
  };
  std::vector<Tag> tags;
  if (!turn.emotion.empty() && turn.emotion != "neutral") tags.push_back({show_word(t, turn.emotion)});
  for (const std::string_view topic : topics_of(turn.topics)) tags.push_back({show_word(t, topic)});
  if (!turn.intent.empty()) tags.push_back({t("call.intent", show_name(t, turn.intent))});
  if (!turn.state.empty()) tags.push_back({t("call.state", show_name(t, turn.state))});
  std::size_t n = 0;
  return each(tags, [&](const Tag&) { return n++; }, [](const Tag& tag) { return html<"<span class=\"tag\">{}</span>">(tag.text); });
}

std::string latencies(const TurnRow& turn, const Texts& t) {
  std::string out;
  const auto part = [&](std::string_view name, const Number& us) {
    if (us) out += fmt::format("{}{} {}", out.empty() ? "" : " · ", name, show_us(t, us));
  };
  part(t("call.answered_after"), turn.response_time_us);
  part("STT", turn.stt_latency_us);
  part("LLM", turn.llm_latency_us);
  part("TTS", turn.tts_latency_us);
  part(t("call.other"), other_us(stages_of(turn)));
  return out;
}

Node turn_item(const TurnRow& turn, Instant start, std::int64_t longest_us, const Texts& t) {
  const bool cut_in = turn.interrupted.value_or(false);
  std::optional<Node> mood, lat, cut, parts;
  if (turn.sentiment_e4) mood = html<"<span class=\"{}\">{}</span>">(mood_class(turn.sentiment_e4), score_e4(t, turn.sentiment_e4));
  if (const std::string shown = latencies(turn, t); !shown.empty()) lat = html<"<span class=\"lat\">{}</span>">(shown), parts = waterfall_lane(turn, longest_us, t("call.where_time_goes", shown));
  if (cut_in) cut = html<"<span class=\"cut\"> — {}</span>">(t("call.cut_in"));
  return html<"<li class=\"turn {}{}\" id=\"turn-{}\"><div class=\"who\"><span>{}</span><span>{}</span></div><p class=\"said\">{}{}</p><footer>{}{}{}</footer>{}</li>">(
      turn.agent_speaks ? "agent" : "caller", cut_in ? " interrupted" : "", turn.turn_number, t(turn.agent_speaks ? "dimension.agent_id" : "call.caller"),
      show_duration(std::max(Duration(0), begin_of(turn) - start)), turn.text_content.empty() ? std::string(t("call.no_words")) : turn.text_content, cut, mood, tags_of(turn, t), lat, parts);
}

Node blocks(const std::vector<Block>& list, bool stages) {
  std::vector<std::pair<std::size_t, Block>> shown;
  for (const Block& b : list)
    if (b.kind.starts_with("stage") == stages) shown.emplace_back(shown.size(), b);
  return each(shown, [](const auto& b) { return b.first; }, [&](const auto& held) {
    const Block& b = held.second;
    const bool caller = b.kind == "turn caller";
    const std::string_view y = stages ? (b.kind == "stage stt" ? "4" : b.kind == "stage llm" ? "15" : "26") : caller ? "2" : "22";
    return html<"<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"1\"><title>{}</title></rect>">(
        b.kind, fmt::format("{:.1f}", b.x), y, fmt::format("{:.1f}", b.width), stages ? "9" : "16", b.title);
  });
}

Node timeline_node(const CallDetail& call, Instant now, const Texts& t) {
  const auto list = timeline(call, now, t);
  if (call.turns.empty()) return html<"<div class=\"timeline\"><p class=\"why\">{}</p></div>">(t("call.no_turns"));
  const Duration length = timeline_length(call, now);
  const auto mark = [&](int quarter) { return show_duration(length * quarter / 4); };
  constexpr std::pair<std::string_view, std::string_view> keys[] = {{"turn caller", "call.caller"}, {"turn agent", "dimension.agent_id"}, {"turn interrupt", "call.cut_in_key"},
                                                                    {"stage stt", "word.speech_to_text"}, {"stage llm", "dimension.model_used"}, {"stage tts", "word.text_to_speech"}, {"stage other", "talk.other"}};
  const Node legend = each(keys, [](const auto& key) { return key.first; }, [&](const auto& key) {
    return html<"<span><svg class=\"lane key\" viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"{}\" width=\"10\" height=\"10\"/></svg> {}</span>">(key.first, t(key.second));
  });
  return html<"<div class=\"timeline\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><div class=\"legend\">{}</div>"
              "<svg class=\"lane\" viewBox=\"0 0 1000 40\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\"><rect class=\"track\" width=\"1000\" height=\"40\"/>{}</svg>"
              "<svg class=\"lane\" viewBox=\"0 0 1000 40\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\"><rect class=\"track\" width=\"1000\" height=\"40\"/>{}</svg>"
              "<ol class=\"axis\" aria-hidden=\"true\"><li>0:00</li><li>{}</li><li>{}</li><li>{}</li><li>{}</li></ol></div>">(
      t("call.timeline"), legend, t("call.turns_over_call"), blocks(list, false), t("call.stages_over_call"), blocks(list, true), mark(1), mark(2), mark(3), mark(4));
}

// What each model used, requests taken together. A sum is known as soon as one of its parts is.
struct ModelUsage {
  std::string model;
  std::int64_t requests = 0;
  Number input, cached, output, cost;
};

std::vector<ModelUsage> by_model(const CallDetail& call) {
  std::vector<ModelUsage> out;
  const auto add = [](Number& sum, const Number& part) {
    if (part) sum = sum.value_or(0) + *part;
  };
  for (const UsageRow& u : call.usage) {
    const std::string& model = u.model.empty() ? call.call.dims[Field::model_used] : u.model;
    auto at = std::ranges::find(out, model, &ModelUsage::model);
    if (at == out.end()) at = out.insert(out.end(), ModelUsage{.model = model, .input = {}, .cached = {}, .output = {}, .cost = {}});
    ++at->requests;
    add(at->input, u.input_tokens), add(at->cached, u.cache_read_tokens), add(at->output, u.output_tokens), add(at->cost, u.cost_nano);
  }
  return out;
}

Node usage_table(const CallDetail& call, const Texts& t) {
  if (call.usage.empty()) return html<"<p class=\"muted\">{}</p>">(t("call.no_usage"));
  const auto count = [&t](const Number& n) { return n ? show_count(t, double(*n)) : std::string(dash); };
  const TableHead heads[] = {{t("dimension.model_used"), false}, {t("call.uses")}, {t("call.in")}, {t("call.cached")}, {t("call.out")}, {t("calls.cost")}};
  std::vector<TableRow> lines;
  for (const ModelUsage& u : by_model(call))
    lines.push_back({u.model, {or_unknown(t, u.model), show_count(t, double(u.requests)), count(u.input), count(u.cached), count(u.output), usd(t, u.cost)}});
  return html<"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">{}</div>">(t("call.usage_by_model"), plain_table(t("call.usage_by_model"), heads, lines));
}

Node latency_facts(const CallDetail& call, const Texts& t) {
  std::vector<Fact> facts;
  add(facts, t("call.voice_latency"), show_us(t, call.call.voice_latency_us));
  add(facts, t("word.speech_to_text"), show_us(t, call.call.stt_latency_us));
  add(facts, t("dimension.model_used"), show_us(t, call.call.llm_latency_us));
  add(facts, t("word.text_to_speech"), show_us(t, call.call.tts_latency_us));
  std::int64_t cut_in = 0, others = 0, other_sum = 0;
  for (const TurnRow& turn : call.turns)
    if (const Number other = other_us(stages_of(turn))) ++others, other_sum += *other;
  add(facts, t("call.other_key"), others > 0 ? show_us(t, other_sum / others) : std::string(dash));
  for (const TurnRow& turn : call.turns) cut_in += turn.interrupted.value_or(false) ? 1 : 0;
  add(facts, t("call.interruptions"), show_count(t, double(cut_in)));
  add(facts, t("column.turns"), show_count(t, double(call.turns.size())));
  return each(facts, [](const Fact& f) { return f.name; }, [](const Fact& f) { return html<"<dt>{}</dt><dd class=\"num\">{}</dd>">(f.name, f.value); });
}

Node aside(const CallDetail& call, const Texts& t) {
  const auto interventions = each(call.interventions, [](const InterventionRow& i) { return to_string(i.id); }, [&](const InterventionRow& i) {
    return html<"<li><span class=\"what\">{}</span><span class=\"meta\">{}</span></li>">(show_word(t, i.kind), i.actor);
  });
  std::optional<Node> stepped_in;
  if (!call.interventions.empty()) stepped_in = html<"<section class=\"tile\"><header><h2>{}</h2></header><ul class=\"list\">{}</ul></section>">(t("call.interventions"), interventions);
  return html<"<aside class=\"stack\"><section class=\"tile\"><header><h2>{}</h2></header><dl class=\"facts\">{}</dl></section>"
              "<section class=\"tile\"><header><h2>{}</h2></header>{}<footer><span class=\"n\">{}</span><span class=\"tag\">{}</span></footer></section>{}</aside>">(
      t("call.latency_and_flow"), latency_facts(call, t), t("call.usage_and_cost"), usage_table(call, t), t("call.total", usd(t, call.call.cost_nano)),
      t(call.call.cost_source == CostSource::reported ? "call.reported" : call.call.cost_source == CostSource::priced ? "call.priced" : "call.cost_unknown"), stepped_in);
}

Node page_of(const CallDetail& call, const Filters& filters, Instant as_of) {
  const Zone zone = zone_or_utc(filters.zone);
  const Texts& t = texts_of(filters);
  const CallRow& c = call.call;
  const bool live = c.state == CallState::active;
  const std::int64_t longest = longest_response_us(call.turns);
  const Node turns = rows(call.turns, [](const TurnRow& turn) { return turn.turn_number; }, [&](const TurnRow& turn) { return turn_item(turn, c.start, longest, t); });
  Node transcript = html<"<ol class=\"transcript\" aria-label=\"{}\">{}</ol>">(t("call.transcript"), turns);
  if (call.turns.empty()) transcript = Node{};
  Filters list = filters;
  return html<"<article class=\"call\"><header class=\"call-head\"><div class=\"row-flex\"><a href=\"{}\" data-phx-link=\"redirect\" data-phx-link-state=\"push\">← {}</a><h1>{}</h1><span class=\"{}\">{}</span>"
              "<span class=\"spacer\"></span>{}</div><dl class=\"facts\">{}</dl></header>{}<div class=\"call-body\">{}{}</div></article>">(
      address("/calls", list), t("tab.calls"), t("call.title", to_string(c.call_id).substr(0, 8)), live ? "status info" : c.call_outcome == "successful" ? "status good" : c.call_outcome == "failed" ? "status bad" : "status idle",
      live ? std::string(t("calls.active")) : show_word(t, c.call_outcome), age(as_of, t), facts_list(facts_of(c, zone, as_of, t)), timeline_node(call, as_of, t), transcript, aside(call, t));
}

}  // namespace

Duration timeline_length(const CallDetail& call, Instant now) {
  Instant end = call.call.ended.value_or(call.call.state == CallState::active ? now : call.call.start);
  if (call.call.duration_us) end = std::max(end, call.call.start + Duration(*call.call.duration_us));
  for (const TurnRow& t : call.turns) end = std::max(end, t.ended.value_or(t.time));
  return std::max(Duration(1s), end - call.call.start);
}

std::vector<Block> timeline(const CallDetail& call, Instant now, const Texts& t) {
  const double length = double(timeline_length(call, now).count());
  const auto x_of = [&](Instant at) { return std::clamp(1000.0 * double((at - call.call.start).count()) / length, 0.0, 1000.0); };
  std::vector<Block> out;
  const auto block = [&](std::string kind, Instant from, Instant to, std::string title) {
    const double x = std::min(x_of(from), 998.0);
    out.push_back({std::move(kind), x, std::clamp(x_of(to) - x, 2.0, 1000.0 - x), std::move(title)});
  };
  for (const TurnRow& turn : call.turns) {
    const Instant from = begin_of(turn), to = std::max(turn.ended.value_or(turn.time), from);
    block(turn.agent_speaks ? "turn agent" : "turn caller", from, to, fmt::format("{} {}, {}", t(turn.agent_speaks ? "dimension.agent_id" : "call.caller"), turn.turn_number, show_duration(to - from)));
    if (turn.interrupted.value_or(false)) block("turn interrupt", std::max(from, to - 300ms), to, std::string(t("call.caller_cut_in")));
    // A waterfall: hearing begins when the caller has ended, speaking ends where the answer begins, thinking follows hearing. Only lengths are told, and they overlap,
    // so each is drawn on a line of its own, none beyond the answer's begin.
    const Duration stt(turn.stt_latency_us.value_or(0)), llm(turn.llm_latency_us.value_or(0)), tts(turn.tts_latency_us.value_or(0));
    const Instant ended = from - Duration(turn.response_time_us.value_or((stt + llm + tts).count())), heard = std::min(ended + stt, from);
    const auto stage = [&](std::string_view kind, Instant begin, Duration lasts, const Number& us) {
      if (lasts > Duration(0)) block(fmt::format("stage {}", kind), begin, begin + lasts, fmt::format("{} {}", kind, show_us(t, us)));
    };
    stage("stt", heard - stt, stt, turn.stt_latency_us), stage("llm", std::min(heard, from - llm), llm, turn.llm_latency_us), stage("tts", from - tts, tts, turn.tts_latency_us);
  }
  return out;
}

void CallPageView::opened(Context& context, const Location& at) {
  const std::string id(at.param("id"));
  std::string key = "call|" + customers_key();
  Source* source = viewer().source;
  watch(context, call_slot, {key + "|" + id, [source, id, customers = viewer().customers](Instant now) {
                               return std::make_shared<CallShown>(CallShown{now, source->call(id, customers)});
                             }, 500ms, 2s, true});
  if (const auto* shown = state<CallShown>(call_slot); shown && fresh(call_slot) && !(shown->call && *shown->call)) *viewer().status = shown->call ? 404 : 503;
}

Node CallPageView::body(const Context&) {
  const auto* shown = state<CallShown>(call_slot);
  const Texts& t = texts();
  Node content;
  if (!shown) {
    content = loading_table(t);
  } else if (!shown->call) {
    content = html<"<section class=\"tile broken\"><p class=\"why\">{}</p></section>">(t("call.broken", shown->call.error().message));
  } else if (!*shown->call) {
    content = html<"<section class=\"tile empty\"><h1>{}</h1><p class=\"why\">{} <a href=\"{}\" data-phx-link=\"redirect\" data-phx-link-state=\"push\">{}</a></p></section>">(t("call.none"), t("call.none_why"), address("/calls", filters()), t("call.back"));
  } else {
    content = page_of(**shown->call, filters(), shown->as_of);
  }
  return component("call", html<"<div id=\"call\">{}</div>">(std::move(content)));
}

}  // namespace aybiza::dashboard
