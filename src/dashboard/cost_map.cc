#include "dashboard/cost_map.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "dashboard/show.h"
#include "liveview/json.h"

namespace aybiza::dashboard {
namespace {

using liveview::JsonWriter;

struct Branch {
  double cost = 0, weighted = 0, calls = 0;  // calls: of those whose efficiency is known
  std::map<std::string, Branch> below;

  void add(const CostPart& part) {
    cost += part.cost_usd;
    if (part.efficiency) weighted += *part.efficiency * part.calls, calls += part.calls;
  }
};

// Five steps of the theme, pale to strong, each with an ink that is legible on it; and none where the efficiency is not known.
constexpr int steps = 5, no_step = -1;
struct Scale {
  double low = 1, high = 0;
};
Scale scale_of(const CostsState& state) {
  Scale scale;
  for (const CostPart& part : state.parts)
    if (part.efficiency && part.calls > 0) scale.low = std::min(scale.low, *part.efficiency), scale.high = std::max(scale.high, *part.efficiency);
  return scale;
}

int step_of(const Branch& branch, const Scale& scale) {
  if (branch.calls <= 0) return no_step;
  const double place = scale.high > scale.low ? (branch.weighted / branch.calls - scale.low) / (scale.high - scale.low) : 0.5;
  return int(std::clamp(place, 0.0, 0.999) * steps);
}

double shown_cost(const Branch& branch) { return std::round(branch.cost * 1e6) / 1e6; }

void write(JsonWriter& json, const std::map<std::string, Branch>& branches, const Scale& scale, const Texts& t) {
  json.begin_array();
  for (const auto& [name, branch] : branches) {
    const int step = step_of(branch, scale);
    const std::string fill = step == no_step ? "$sunken" : fmt::format("$heat-{}", step), ink = step == no_step ? "$ink-soft" : fmt::format("$on-heat-{}", step);
    json.begin_object().field("name", or_unknown(t, name))
        .key("value").number(shown_cost(branch)).key("itemStyle").begin_object().field("color", fill).end_object()
        .key("label").begin_object().field("color", ink).end_object();
    if (!branch.below.empty()) write(json.key("children"), branch.below, scale, t);
    json.end_object();
  }
  json.end_array();
}

Branch tree_of(const CostsState& state) {
  Branch root;
  for (const CostPart& part : state.parts) {
    Branch& region = root.below[part.region];
    Branch& type = region.below[part.agent_type];
    region.add(part), type.add(part), type.below[part.model].add(part);
  }
  return root;
}

void data(JsonWriter& json, const CostsState& state, const Texts& t) { write(json.key("data"), tree_of(state).below, scale_of(state), t); }

bool same_parts(const Branch& a, const Branch& b) {
  return std::ranges::equal(a.below, b.below, [](const auto& one, const auto& other) { return one.first == other.first && same_parts(one.second, other.second); });
}

// Outer before inner, as they stand.
void figures(JsonWriter& json, const Branch& branch, const Scale& scale) {
  for (const auto& [name, part] : branch.below) {
    json.begin_array().number(shown_cost(part)).integer(step_of(part, scale)).end_array();
    figures(json, part, scale);
  }
}

JsonWriter begin(const CostsState& state) {
  JsonWriter json;
  json.begin_object().key("as_of").integer(to_micros(state.as_of) / 1000);
  return json;
}

}  // namespace

std::string cost_map_option(const CostsState& state, const Texts& t) {
  JsonWriter json = begin(state);
  json.key("option").begin_object().key("tooltip").json(R"({"trigger":"item","valueFormatter":"@usd"})").key("series").begin_array().begin_object()
      .field("type", "treemap").field("name", t("column.cost_usd")).key("roam").boolean(false).key("nodeClick").boolean(false).key("breadcrumb").json(R"({"show":false})")
      .key("left").integer(0).key("right").integer(0).key("top").integer(0).key("bottom").integer(0).key("visibleMin").integer(200)
      .key("label").json(R"({"show":true,"fontSize":11})")
      .key("upperLabel").json(R"({"show":true,"height":20,"fontSize":11,"color":"$ink","backgroundColor":"transparent"})")
      .key("itemStyle").json(R"({"borderColor":"$surface","borderWidth":1,"gapWidth":1})")
      .key("levels").json(R"([{"itemStyle":{"borderWidth":0,"gapWidth":4},"upperLabel":{"show":false}},{"itemStyle":{"borderColor":"$line","borderWidth":2,"gapWidth":2}},{"itemStyle":{"borderColor":"$line","borderWidth":1,"gapWidth":1}},{}])");
  data(json, state, t);
  return json.end_object().end_array().end_object().end_object().str();
}

std::string cost_map_data(const CostsState* from, const CostsState& state, const Texts& t) {
  JsonWriter json = begin(state);
  if (const Branch tree = tree_of(state); from && same_parts(tree_of(*from), tree)) {
    figures(json.key("tree").begin_array(), tree, scale_of(state));
    return json.end_array().end_object().str();
  }
  json.key("set").begin_object().key("series").begin_array().begin_object();
  data(json, state, t);
  return json.end_object().end_array().end_object().end_object().str();
}

std::string efficiency_words(const CostsState& state, const Texts& t) {
  const Scale scale = scale_of(state);
  if (scale.high < scale.low) return std::string(t("costs.no_efficiency"));
  return t("costs.efficiency", show_share(t, scale.low), show_share(t, scale.high));
}

}  // namespace aybiza::dashboard
