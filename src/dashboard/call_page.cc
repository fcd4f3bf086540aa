#include "dashboard/call_page.h"

#include <algorithm>

#include "base/limits.h"
#include "dashboard/show.h"
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

std::string score_e4(const Number& value) { return value ? show_score(double(*value) / 1e4) : std::string(dash); }
std::string share_e4(const Number& value) { return value ? show_share(double(*value) / 1e4) : std::string(dash); }
std::string usd(const Number& nano) { return show_usd(nano ? std::optional(double(*nano) / 1e9) : std::nullopt); }

std::vector<Fact> facts_of(const CallRow& c, const Zone& zone, Instant now) {
  std::vector<Fact> facts;
  add(facts, "Customer", c.dims[Field::customer_id]);
  add(facts, "Agent", c.dims[Field::agent_name].empty() ? c.dims[Field::agent_id] : c.dims[Field::agent_name]);
  add(facts, "Agent version", c.dims[Field::agent_version]);
  add(facts, "Region", c.dims[Field::region]);
  add(facts, "Model", c.dims[Field::model_used]);
  add(facts, "Language", c.dims[Field::language]);
  add(facts, "Direction", c.dims[Field::direction].empty() ? "" : title_case(c.dims[Field::direction]));
  add(facts, "Started", show_moment(c.start, zone));
  add(facts, "Length", c.duration_us ? show_duration(Duration(*c.duration_us)) : show_duration(std::max(Duration(0), c.ended.value_or(now) - c.start)));
  add(facts, "Resolution", c.resolution_status.empty() ? "" : title_case(c.resolution_status));
  add(facts, "End reason", c.end_reason.empty() ? "" : title_case(c.end_reason));
  add(facts, "Voice latency", show_us(c.voice_latency_us));
  add(facts, "Cost", usd(c.cost_nano));
  add(facts, "Satisfaction", c.satisfaction_e4 ? fmt::format("{:.1f} of 5", double(*c.satisfaction_e4) / 1e4) : "");
  add(facts, "Quality", share_e4(c.quality_e4));
  add(facts, "Efficiency", share_e4(c.efficiency_e4));
  add(facts, "Errors", c.error_count ? show_count(double(*c.error_count)) : "");
  add(facts, "Caller", c.caller_number);
  add(facts, "Sender's id", c.external_call_id);
  return facts;
}

std::string_view mood_class(const Number& sentiment) {
  const std::string_view mood = sentiment_class_of(sentiment);
  return mood == "positive" ? "status good" : mood == "negative" ? "status bad" : "status idle";
}

Instant begin_of(const TurnRow& turn) { return turn.started.value_or(turn.time); }

Node tags_of(const TurnRow& t) {
  struct Tag {
    std::string text;
  };
  std::vector<Tag> tags;
  if (!t.emotion.empty() && t.emotion != "neutral") tags.push_back({title_case(t.emotion)});
  for (const std::string_view topic : topics_of(t.topics)) tags.push_back({title_case(topic)});
  if (!t.intent.empty()) tags.push_back({"intent " + t.intent});
  if (!t.state.empty()) tags.push_back({"state " + t.state});
  std::size_t n = 0;
  return each(tags, [&](const Tag&) { return n++; }, [](const Tag& tag) { return html<"<span class=\"tag\">{}</span>">(tag.text); });
}

std::string latencies(const TurnRow& t) {
  std::string out;
  const auto part = [&](std::string_view name, const Number& us) {
    if (us) out += fmt::format("{}{} {}", out.empty() ? "" : " · ", name, show_us(us));
  };
  part("answered after", t.response_time_us);
  part("STT", t.stt_latency_us);
  part("LLM", t.llm_latency_us);
  part("TTS", t.tts_latency_us);
  return out;
}

Node turn_item(const TurnRow& t, Instant start) {
  const bool cut_in = t.interrupted.value_or(false);
  std::optional<Node> mood, lat;
  if (t.sentiment_e4) mood = html<"<span class=\"{}\">{}</span>">(mood_class(t.sentiment_e4), score_e4(t.sentiment_e4));
  if (const std::string shown = latencies(t); !shown.empty()) lat = html<"<span class=\"lat\">{}</span>">(shown);
  return html<"<li class=\"turn {}{}\" id=\"turn-{}\"><div class=\"who\"><span>{}</span><span>{}</span></div><p class=\"said\">{}</p><footer>{}{}{}</footer></li>">(
      t.agent_speaks ? "agent" : "caller", cut_in ? " interrupted" : "", t.turn_number, t.agent_speaks ? "Agent" : "Caller",
      show_duration(std::max(Duration(0), begin_of(t) - start)), t.text_content.empty() ? std::string("(no words kept)") : t.text_content, mood, tags_of(t), lat);
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

Node timeline_node(const CallDetail& call, Instant now) {
  const auto list = timeline(call, now);
  if (call.turns.empty()) return raw<"<div class=\"timeline\"><p class=\"why\">No turns were reported for this call.</p></div>">();
  const Duration length = timeline_length(call, now);
  const auto mark = [&](int quarter) { return show_duration(length * quarter / 4); };
  return html<"<div class=\"timeline\" tabindex=\"0\" role=\"region\" aria-label=\"Timeline\"><div class=\"legend\">"
              "<span><svg class=\"lane key\" viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"turn caller\" width=\"10\" height=\"10\"/></svg> Caller</span>"
              "<span><svg class=\"lane key\" viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"turn agent\" width=\"10\" height=\"10\"/></svg> Agent</span>"
              "<span><svg class=\"lane key\" viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"turn interrupt\" width=\"10\" height=\"10\"/></svg> Cut in</span>"
              "<span><svg class=\"lane key\" viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"stage stt\" width=\"10\" height=\"10\"/></svg> Speech to text</span>"
              "<span><svg class=\"lane key\" viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"stage llm\" width=\"10\" height=\"10\"/></svg> Model</span>"
              "<span><svg class=\"lane key\" viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"stage tts\" width=\"10\" height=\"10\"/></svg> Text to speech</span></div>"
              "<svg class=\"lane\" viewBox=\"0 0 1000 40\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Turns over the call\"><rect class=\"track\" width=\"1000\" height=\"40\"/>{}</svg>"
              "<svg class=\"lane\" viewBox=\"0 0 1000 40\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Latency stages over the call\"><rect class=\"track\" width=\"1000\" height=\"40\"/>{}</svg>"
              "<ol class=\"axis\" aria-hidden=\"true\"><li>0:00</li><li>{}</li><li>{}</li><li>{}</li><li>{}</li></ol></div>">(
      blocks(list, false), blocks(list, true), mark(1), mark(2), mark(3), mark(4));
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

Node usage_table(const CallDetail& call) {
  if (call.usage.empty()) return raw<"<p class=\"muted\">No usage was reported.</p>">();
  const auto count = [](const Number& n) { return n ? show_count(double(*n)) : std::string(dash); };
  const auto body = rows(by_model(call), [](const ModelUsage& u) { return u.model; }, [&](const ModelUsage& u) {
    return html<"<tr><th scope=\"row\">{}</th><td class=\"num\">{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td></tr>">(
        u.model.empty() ? std::string("Not known") : u.model, u.requests, count(u.input), count(u.cached), count(u.output), usd(u.cost));
  });
  return html<"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Usage by model\"><table class=\"rows\"><thead><tr><th scope=\"col\">Model</th><th scope=\"col\" class=\"num\">Uses</th><th scope=\"col\" class=\"num\">In</th><th scope=\"col\" class=\"num\">Cached</th><th scope=\"col\" class=\"num\">Out</th><th scope=\"col\" class=\"num\">Cost</th></tr></thead><tbody>{}</tbody></table></div>">(body);
}

Node latency_facts(const CallDetail& call) {
  std::vector<Fact> facts;
  add(facts, "Voice latency", show_us(call.call.voice_latency_us));
  add(facts, "Speech to text", show_us(call.call.stt_latency_us));
  add(facts, "Model", show_us(call.call.llm_latency_us));
  add(facts, "Text to speech", show_us(call.call.tts_latency_us));
  std::int64_t cut_in = 0;
  for (const TurnRow& t : call.turns) cut_in += t.interrupted.value_or(false) ? 1 : 0;
  add(facts, "Interruptions", show_count(double(cut_in)));
  add(facts, "Turns", show_count(double(call.turns.size())));
  return each(facts, [](const Fact& f) { return f.name; }, [](const Fact& f) { return html<"<dt>{}</dt><dd class=\"num\">{}</dd>">(f.name, f.value); });
}

Node aside(const CallDetail& call) {
  const auto interventions = each(call.interventions, [](const InterventionRow& i) { return to_string(i.id); }, [](const InterventionRow& i) {
    return html<"<li><span class=\"what\">{}</span><span class=\"meta\">{}</span></li>">(title_case(i.kind), i.actor);
  });
  std::optional<Node> stepped_in;
  if (!call.interventions.empty()) stepped_in = html<"<section class=\"tile\"><header><h2>Interventions</h2></header><ul class=\"list\">{}</ul></section>">(interventions);
  return html<"<aside class=\"stack\"><section class=\"tile\"><header><h2>Latency and flow</h2></header><dl class=\"facts\">{}</dl></section>"
              "<section class=\"tile\"><header><h2>Usage and cost</h2></header>{}<footer><span class=\"n\">total {}</span><span class=\"tag\">{}</span></footer></section>{}</aside>">(
      latency_facts(call), usage_table(call), usd(call.call.cost_nano),
      call.call.cost_source == CostSource::reported ? "reported" : call.call.cost_source == CostSource::priced ? "from the price book" : "cost not known", stepped_in);
}

Node page_of(const CallDetail& call, const Filters& filters, Instant as_of) {
  const Zone zone = zone_or_utc(filters.zone);
  const CallRow& c = call.call;
  const bool live = c.state == CallState::active;
  const Node turns = rows(call.turns, [](const TurnRow& t) { return t.turn_number; }, [&](const TurnRow& t) { return turn_item(t, c.start); });
  Node transcript = html<"<ol class=\"transcript\" aria-label=\"Transcript\">{}</ol>">(turns);
  if (call.turns.empty()) transcript = Node{};
  Filters list = filters;
  return html<"<article class=\"call\"><header class=\"call-head\"><div class=\"row-flex\"><a href=\"{}\" data-phx-link=\"redirect\" data-phx-link-state=\"push\">← Calls</a><h1>Call {}</h1><span class=\"{}\">{}</span>"
              "<span class=\"spacer\"></span><span class=\"age\" data-at=\"{}\">now</span></div><dl class=\"facts\">{}</dl></header>{}<div class=\"call-body\">{}{}</div></article>">(
      address("/calls", list), to_string(c.call_id).substr(0, 8), live ? "status info" : c.call_outcome == "successful" ? "status good" : c.call_outcome == "failed" ? "status bad" : "status idle",
      live ? std::string("In progress") : title_case(c.call_outcome), to_micros(as_of) / 1000, facts_list(facts_of(c, zone, as_of)), timeline_node(call, as_of), transcript, aside(call));
}

}  // namespace

Duration timeline_length(const CallDetail& call, Instant now) {
  Instant end = call.call.ended.value_or(call.call.state == CallState::active ? now : call.call.start);
  if (call.call.duration_us) end = std::max(end, call.call.start + Duration(*call.call.duration_us));
  for (const TurnRow& t : call.turns) end = std::max(end, t.ended.value_or(t.time));
  return std::max(Duration(1s), end - call.call.start);
}

std::vector<Block> timeline(const CallDetail& call, Instant now) {
  const double length = double(timeline_length(call, now).count());
  const auto x_of = [&](Instant t) { return std::clamp(1000.0 * double((t - call.call.start).count()) / length, 0.0, 1000.0); };
  std::vector<Block> out;
  const auto block = [&](std::string kind, Instant from, Instant to, std::string title) {
    const double x = std::min(x_of(from), 998.0);
    out.push_back({std::move(kind), x, std::clamp(x_of(to) - x, 2.0, 1000.0 - x), std::move(title)});
  };
  for (const TurnRow& t : call.turns) {
    const Instant from = begin_of(t), to = std::max(t.ended.value_or(t.time), from);
    block(t.agent_speaks ? "turn agent" : "turn caller", from, to, fmt::format("{} {}, {}", t.agent_speaks ? "Agent" : "Caller", t.turn_number, show_duration(to - from)));
    if (t.interrupted.value_or(false)) block("turn interrupt", std::max(from, to - 300ms), to, "The caller cut in");
    // The stages end where the answer begins; they overlap, so each is drawn on a line of its own.
    const auto stage = [&](std::string_view kind, const Number& us) {
      if (us && *us > 0) block(fmt::format("stage {}", kind), from - Duration(*us), from, fmt::format("{} {}", kind, show_us(us)));
    };
    stage("stt", t.stt_latency_us), stage("llm", t.llm_latency_us), stage("tts", t.tts_latency_us);
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
  Node content;
  if (!shown) {
    content = raw<"<section class=\"tile w-12 h-6 loading\" aria-label=\"Loading\"><div class=\"bone value\"></div><div class=\"bone line\"></div></section>">();
  } else if (!shown->call) {
    content = html<"<section class=\"tile broken\"><p class=\"why\">This call could not be read: {}</p></section>">(shown->call.error().message);
  } else if (!*shown->call) {
    content = html<"<section class=\"tile empty\"><h1>No such call</h1><p class=\"why\">There is no call with this id, or it is not yours to see. <a href=\"{}\" data-phx-link=\"redirect\" data-phx-link-state=\"push\">Back to the calls</a></p></section>">(address("/calls", filters()));
  } else {
    content = page_of(**shown->call, filters(), shown->as_of);
  }
  return component("call", html<"<div id=\"call\">{}</div>">(std::move(content)));
}

}  // namespace aybiza::dashboard
