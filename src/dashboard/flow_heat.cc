#include "dashboard/flow_heat.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "dashboard/plain_table.h"
#include "dashboard/show.h"
#include "liveview/json.h"

namespace aybiza::dashboard {
namespace {

using liveview::JsonWriter;

constexpr std::string_view days[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};
constexpr std::string_view state_colours[] = {"$c1", "$c2", "$c3", "$c4", "$c5", "$c6", "$c8", "$c7"};
constexpr double busiest = 0.8;  // from here on red

JsonWriter begin(Instant as_of) {
  JsonWriter json;
  json.begin_object().key("as_of").integer(to_micros(as_of) / 1000);
  return json;
}

// A state at one place; the end of a call is one node, wherever it comes.
std::string node_name(std::int64_t place, const std::string& state, const Texts& t) { return state.empty() ? fmt::format("9·{}", t("flow.ended")) : fmt::format("{}·{}", place, show_word(t, state)); }

void flow_series(JsonWriter& json, const FlowState& s, const Texts& t) {
  std::map<std::string, std::size_t> colour_of;  // the same state has the same colour at every place
  std::map<std::string, std::string_view> nodes;
  for (const FlowStep& step : s.flow.steps)
    for (const std::string* state : {&step.from, &step.to})
      if (!state->empty()) colour_of.try_emplace(*state, colour_of.size() % std::size(state_colours));
  const auto node = [&](std::int64_t place, const std::string& state) { nodes[node_name(place, state, t)] = state.empty() ? "$line-strong" : state_colours[colour_of[state]]; };
  for (const FlowStep& step : s.flow.steps) node(step.place, step.from), node(step.place + 1, step.to);
  json.key("data").begin_array();
  for (const auto& [name, colour] : nodes) json.begin_object().field("name", name).key("itemStyle").begin_object().field("color", colour).end_object().end_object();
  json.end_array().key("links").begin_array();
  for (const FlowStep& step : s.flow.steps)
    json.begin_object().field("source", node_name(step.place, step.from, t)).field("target", node_name(step.place + 1, step.to, t)).key("value").integer(step.calls).end_object();
  json.end_array();
}

void heat_cells(JsonWriter& json, const Heat& heat) {
  json.key("data").begin_array();
  for (std::size_t day = 0; day < 7; ++day)
    for (std::size_t hour = 0; hour < 24; ++hour)
      if (const Known& share = heat.share[day][hour]) json.begin_array().integer(std::int64_t(hour)).integer(std::int64_t(day)).number(std::round(*share * 1e4) / 1e4).end_array();
  json.end_array();
}

}  // namespace

std::string flow_option(const FlowState& s, const Texts& t) {
  JsonWriter json = begin(s.as_of);
  json.key("option").begin_object().key("tooltip").json(R"({"trigger":"item","valueFormatter":"@int"})").key("series").begin_array().begin_object()
      .field("type", "sankey").key("left").integer(4).key("right").integer(96).key("top").integer(8).key("bottom").integer(8).key("nodeWidth").integer(10).key("nodeGap").integer(10)
      .key("draggable").boolean(false).key("emphasis").json(R"({"focus":"adjacency"})").key("lineStyle").json(R"({"color":"source","opacity":0.28,"curveness":0.5})")
      .key("label").json(R"({"formatter":"@label_state","fontSize":11,"color":"$ink","overflow":"truncate","width":90})").key("labelLayout").json(R"({"hideOverlap":true})");
  flow_series(json, s, t);
  return json.end_object().end_array().end_object().end_object().str();
}

std::string flow_data(const FlowState& s, const Texts& t) {
  JsonWriter json = begin(s.as_of);
  json.key("set").begin_object().key("series").begin_array().begin_object();
  flow_series(json, s, t);
  return json.end_object().end_array().end_object().end_object().str();
}

liveview::Node flow_table(const FlowState& s, const Texts& t) {
  const TableHead heads[] = {{t("flow.place"), false}, {t("flow.from"), false}, {t("flow.to"), false}, {t("column.calls")}};
  std::vector<TableRow> rows;
  for (const FlowStep& step : s.flow.steps)
    rows.push_back({fmt::format("{}|{}|{}", step.place, step.from, step.to), {fmt::format("{}", step.place), show_word(t, step.from), step.to.empty() ? std::string(t("flow.ended")) : show_word(t, step.to), show_count(t, double(step.calls))}});
  return plain_table(t("flow.caption"), heads, rows);
}

std::string heat_option(const Heat& heat, const Texts& t) {
  JsonWriter json = begin(heat.as_of);
  json.key("option").begin_object().key("grid").json(R"({"left":40,"right":8,"top":8,"bottom":24,"show":true,"backgroundColor":"$ground","borderWidth":0})").key("tooltip").json(R"({"trigger":"item","valueFormatter":"@pct"})")
      .key("xAxis").begin_object().field("type", "category").key("splitArea").json(R"({"show":false})").key("data").begin_array();
  for (int hour = 0; hour < 24; ++hour) json.text(fmt::format("{:02}", hour));
  json.end_array().end_object().key("yAxis").begin_object().field("type", "category").key("inverse").boolean(true).key("axisLine").json(R"({"show":false})").key("data").begin_array();
  for (const auto day : days) json.text(t(fmt::format("day.{}.short", day)));
  json.end_array().end_object().key("visualMap").begin_object().field("type", "piecewise").key("show").boolean(false).key("dimension").integer(2).key("pieces").begin_array();
  constexpr int steps = 5;
  for (int i = 0; i < steps; ++i) {
    json.begin_object().key("gte").number(busiest * i / (steps - 1) * (i == 0 ? 0 : 1) - (i == 0 ? 1 : 0));
    if (i + 1 < steps) json.key("lt").number(busiest * (i + 1) / (steps - 1));
    json.field("color", fmt::format("$load-{}", i)).end_object();
  }
  json.end_array().end_object().key("series").begin_array().begin_object().field("type", "heatmap").field("name", t("figure.utilization")).key("dimensions").begin_array().text(t("heat.hour")).text(t("heat.day")).text(t("figure.utilization")).end_array()
      .key("encode").json(R"({"x":0,"y":1,"value":2,"tooltip":[2]})").key("itemStyle").json(R"({"borderColor":"$surface","borderWidth":2,"borderRadius":3})")
      .key("label").json(R"({"show":true,"formatter":"@label_pct","fontSize":10,"color":"$ink"})").key("labelLayout").json(R"({"hideOverlap":true})");
  heat_cells(json, heat);
  return json.end_object().end_array().end_object().end_object().str();
}

std::string heat_data(const Heat& heat) {
  JsonWriter json = begin(heat.as_of);
  json.key("set").begin_object().key("series").begin_array().begin_object();
  heat_cells(json, heat);
  return json.end_object().end_array().end_object().end_object().str();
}

liveview::Node heat_table(const Heat& heat, const Texts& t) {
  std::vector<std::string> hours;
  for (int hour = 0; hour < 24; ++hour) hours.push_back(fmt::format("{:02}", hour));
  std::vector<TableHead> heads{{t("heat.day"), false}};
  for (const std::string& hour : hours) heads.push_back({hour});
  std::vector<TableRow> rows;
  for (std::size_t day = 0; day < 7; ++day) {
    TableRow row{std::string(days[day]), {std::string(t(fmt::format("day.{}", days[day])))}};
    for (const Known& share : heat.share[day]) row.cells.push_back(share ? show_share(t, *share) : std::string(dash));
    rows.push_back(std::move(row));
  }
  return plain_table(t("heat.caption"), heads, rows);
}

}  // namespace aybiza::dashboard
