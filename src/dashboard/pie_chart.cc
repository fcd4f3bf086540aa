#include "dashboard/chart_options.h"
#include "liveview/json.h"

namespace aybiza::dashboard {
namespace {

using liveview::JsonWriter;

JsonWriter with_time(Instant as_of) {
  JsonWriter json;
  json.begin_object().key("as_of").integer(to_micros(as_of) / 1000);
  return json;
}

void write_slices(JsonWriter& json, const std::vector<PieSlice>& slices) {
  json.key("data").begin_array();
  for (const PieSlice& slice : slices) json.begin_object().field("name", slice.name).key("value").number(slice.value).end_object();
  json.end_array();
}

}  // namespace

std::string pie_option(const std::vector<PieSlice>& slices, Instant as_of, std::string_view format) {
  JsonWriter json = with_time(as_of);
  json.key("option").begin_object().key("tooltip").begin_object().field("trigger", "item").field("valueFormatter", format).end_object()
      .key("series").begin_array().begin_object().field("type", "pie").key("radius").json(R"(["42%","72%"])").key("itemStyle").json(R"({"borderColor":"$surface","borderWidth":2})")
      .key("label").json(R"({"color":"$ink-soft","fontSize":11,"formatter":"{b} {d} %"})").key("labelLine").json(R"({"length":8,"length2":8})");
  write_slices(json, slices);
  return json.end_object().end_array().end_object().end_object().str();
}

std::string pie_data(const std::vector<PieSlice>& slices, Instant as_of) {
  JsonWriter json = with_time(as_of);
  json.key("set").begin_object().key("series").begin_array().begin_object();
  write_slices(json, slices);
  return json.end_object().end_array().end_object().end_object().str();
}

}  // namespace aybiza::dashboard
