#include "dashboard/waterfall_chart.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "dashboard/plain_table.h"
#include "dashboard/show.h"
#include "dashboard/turn_waterfall.h"
#include "liveview/json.h"

namespace aybiza::dashboard {

using namespace liveview;

namespace {

struct Row {
  std::string label;
  std::string_view kind, colour;
  Known from_ms, lasts_ms;
};

Number us_of(const std::vector<Stage>& stages, std::size_t i) {
  return i < stages.size() && stages[i].mean_ms ? Number(std::int64_t(std::llround(*stages[i].mean_ms * 1e3))) : std::nullopt;
}

StageTimes means_of(const std::vector<Stage>& stages) { return {us_of(stages, 3), us_of(stages, 0), us_of(stages, 1), us_of(stages, 2)}; }

std::vector<Row> rows_of(const Texts& t, const std::vector<Stage>& stages) {
  std::vector<Row> out{{std::string(show_name(t, "Speech to text")), "stt", "$c3", {}, {}}, {std::string(show_name(t, "Model")), "llm", "$c4", {}, {}}, {std::string(t("talk.other")), "other", "$c8", {}, {}},
                       {std::string(show_name(t, "Text to speech")), "tts", "$c5", {}, {}}, {std::string(show_name(t, "Response")), "", "$c1", {}, {}}};
  const StageTimes means = means_of(stages);
  for (const WaterfallPart& part : waterfall_of(means)) {
    Row& row = *std::ranges::find(out, part.kind, &Row::kind);
    row.from_ms = double(part.from_us) / 1e3, row.lasts_ms = double(part.lasts_us) / 1e3;
  }
  if (means.response_us) out.back().from_ms = 0, out.back().lasts_ms = double(*means.response_us) / 1e3;
  return out;
}

JsonWriter begin(Instant as_of) {
  JsonWriter json;
  json.begin_object().key("as_of").integer(to_micros(as_of) / 1000);
  return json;
}

// What a bar stands on, and the bar.
void write_series(JsonWriter& json, const std::vector<Row>& rows, bool whole, const Texts& t) {
  const auto number = [&](const Known& value) { value ? json.number(std::round(*value * 10) / 10) : json.null(); };
  json.key("series").begin_array().begin_object();
  if (whole) json.field("type", "bar").field("stack", "all").key("silent").boolean(true).key("barMaxWidth").integer(22).key("itemStyle").json(R"({"color":"transparent"})").key("tooltip").json(R"({"show":false})");
  json.key("data").begin_array();
  for (const Row& row : rows) number(row.from_ms);
  json.end_array().end_object().begin_object();
  if (whole) json.field("type", "bar").field("stack", "all").field("name", t("talk.mean")).key("barMaxWidth").integer(22).key("label").json(R"({"show":true,"position":"right","valueAnimation":false,"formatter":"@label_ms","color":"$ink"})");
  json.key("data").begin_array();
  for (const Row& row : rows) {
    json.begin_object().key("value");
    number(row.lasts_ms);
    json.key("itemStyle").begin_object().field("color", row.colour).key("borderRadius").integer(2).end_object().end_object();
  }
  json.end_array().end_object().end_array();
}

void write_labels(JsonWriter& json, const std::vector<Row>& rows) {
  json.key("data").begin_array();
  for (const Row& row : rows) json.text(row.label);
  json.end_array();
}

}  // namespace

std::string waterfall_option(const Texts& t, const std::vector<Stage>& stages, Instant as_of) {
  const auto rows = rows_of(t, stages);
  JsonWriter json = begin(as_of);
  json.key("option").begin_object().key("grid").json(R"({"left":104,"right":64,"top":8,"bottom":8})").key("tooltip").json(R"({"trigger":"item","valueFormatter":"@ms"})")
      .key("xAxis").json(R"({"type":"value","show":false})")
      .key("yAxis").begin_object().field("type", "category").key("inverse").boolean(true).key("axisLine").json(R"({"show":false})").key("axisLabel").json(R"({"color":"$ink-soft","fontSize":11})");
  write_labels(json, rows);
  json.end_object();
  write_series(json, rows, true, t);
  return json.end_object().end_object().str();
}

std::string waterfall_data(const Texts& t, const std::vector<Stage>& stages, Instant as_of) {
  const auto rows = rows_of(t, stages);
  JsonWriter json = begin(as_of);
  json.key("set").begin_object();
  write_series(json, rows, false, t);
  return json.end_object().end_object().str();
}

Node stages_table(const Texts& t, const std::vector<Stage>& stages) {
  const TableHead heads[] = {{t("talk.stage"), false}, {t("talk.half")}, {t("talk.most")}, {t("talk.mean")}};
  std::vector<TableRow> rows;
  const auto ms = [&](const Known& value) { return show(t, Format::milliseconds, value); };
  for (const Stage& stage : stages) rows.push_back({std::string(stage.name), {std::string(show_name(t, stage.name)), ms(stage.p50_ms), ms(stage.p95_ms), ms(stage.mean_ms)}});
  const Number other = other_us(means_of(stages));
  if (!rows.empty()) rows.insert(rows.end() - 1, TableRow{"other", {std::string(t("talk.other")), std::string(dash), std::string(dash), show_us(t, other)}});
  return plain_table(t("figure.stages"), heads, rows);
}

}  // namespace aybiza::dashboard
