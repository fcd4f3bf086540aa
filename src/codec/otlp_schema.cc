#include "codec/otlp_schema.h"

#include <iterator>


namespace aybiza::otlp {
namespace {

using enum FieldKind;
using M = MessageKind;

constexpr FieldRow traces_rows[] = {{"resourceSpans", 1, messages, M::resource_spans}};
constexpr FieldRow metrics_rows[] = {{"resourceMetrics", 1, messages, M::resource_metrics}};
constexpr FieldRow logs_rows[] = {{"resourceLogs", 1, messages, M::resource_logs}};
constexpr FieldRow resource_spans_rows[] = {{"resource", 1, message, M::resource}, {"scopeSpans", 2, messages, M::scope_spans}};
constexpr FieldRow resource_metrics_rows[] = {{"resource", 1, message, M::resource}, {"scopeMetrics", 2, messages, M::scope_metrics}};
constexpr FieldRow resource_logs_rows[] = {{"resource", 1, message, M::resource}, {"scopeLogs", 2, messages, M::scope_logs}};
constexpr FieldRow scope_spans_rows[] = {{"scope", 1, message, M::scope}, {"spans", 2, messages, M::span}};
constexpr FieldRow scope_metrics_rows[] = {{"scope", 1, message, M::scope}, {"metrics", 2, messages, M::metric}};
constexpr FieldRow scope_logs_rows[] = {{"scope", 1, message, M::scope}, {"logRecords", 2, messages, M::log_record}};
constexpr FieldRow resource_rows[] = {{"attributes", 1, messages, M::key_value}};
constexpr FieldRow scope_rows[] = {{"name", 1, text}, {"version", 2, text}, {"attributes", 3, messages, M::key_value}};
constexpr FieldRow key_value_rows[] = {{"key", 1, text}, {"value", 2, message, M::value}};
constexpr FieldRow value_rows[] = {{"stringValue", 1, text},      {"boolValue", 2, boolean},          {"intValue", 3, varint},
                                   {"doubleValue", 4, real},      {"arrayValue", 5, message, M::array}, {"kvlistValue", 6, message, M::map},
                                   {"bytesValue", 7, base64}};
constexpr FieldRow array_rows[] = {{"values", 1, messages, M::value}};
constexpr FieldRow map_rows[] = {{"values", 1, messages, M::key_value}};
constexpr FieldRow span_rows[] = {{"traceId", 1, hex},
                                  {"spanId", 2, hex},
                                  {"parentSpanId", 4, hex},
                                  {"name", 5, text},
                                  {"kind", 6, word},
                                  {"startTimeUnixNano", 7, fixed64},
                                  {"endTimeUnixNano", 8, fixed64},
                                  {"attributes", 9, messages, M::key_value},
                                  {"events", 11, messages, M::span_event},
                                  {"status", 15, message, M::status}};
constexpr FieldRow span_event_rows[] = {{"timeUnixNano", 1, fixed64}, {"name", 2, text}, {"attributes", 3, messages, M::key_value}};
constexpr FieldRow status_rows[] = {{"message", 2, text}, {"code", 3, word}};
constexpr FieldRow log_record_rows[] = {{"timeUnixNano", 1, fixed64},
                                        {"severityNumber", 2, word},
                                        {"severityText", 3, text},
                                        {"body", 5, message, M::value},
                                        {"attributes", 6, messages, M::key_value},
                                        {"traceId", 9, hex},
                                        {"spanId", 10, hex},
                                        {"observedTimeUnixNano", 11, fixed64},
                                        {"eventName", 12, text}};
constexpr FieldRow metric_rows[] = {{"name", 1, text},
                                    {"unit", 3, text},
                                    {"gauge", 5, message, M::gauge},
                                    {"sum", 7, message, M::sum},
                                    {"histogram", 9, message, M::histogram},
                                    {"exponentialHistogram", 10, message, M::exponential},
                                    {"summary", 11, message, M::summary}};
constexpr FieldRow gauge_rows[] = {{"dataPoints", 1, messages, M::number_point}};
constexpr FieldRow sum_rows[] = {{"dataPoints", 1, messages, M::number_point}, {"aggregationTemporality", 2, word}, {"isMonotonic", 3, boolean}};
constexpr FieldRow histogram_rows[] = {{"dataPoints", 1, messages, M::histogram_point}, {"aggregationTemporality", 2, word}};
constexpr FieldRow exponential_rows[] = {{"dataPoints", 1, messages, M::exponential_point}, {"aggregationTemporality", 2, word}};
constexpr FieldRow summary_rows[] = {{"dataPoints", 1, messages, M::summary_point}};
constexpr FieldRow number_point_rows[] = {{"attributes", 7, messages, M::key_value}, {"startTimeUnixNano", 2, fixed64},
                                          {"timeUnixNano", 3, fixed64},              {"asDouble", 4, real},
                                          {"asInt", 6, sfixed64},                    {"flags", 8, varint}};
constexpr FieldRow histogram_point_rows[] = {{"attributes", 9, messages, M::key_value}, {"startTimeUnixNano", 2, fixed64},
                                             {"timeUnixNano", 3, fixed64},              {"count", 4, fixed64},
                                             {"sum", 5, real},                          {"bucketCounts", 6, fixed64s},
                                             {"explicitBounds", 7, reals},              {"flags", 10, varint},
                                             {"min", 11, real},                         {"max", 12, real}};
constexpr FieldRow exponential_point_rows[] = {{"attributes", 1, messages, M::key_value}, {"startTimeUnixNano", 2, fixed64},
                                               {"timeUnixNano", 3, fixed64},              {"count", 4, fixed64},
                                               {"sum", 5, real},                          {"scale", 6, sint},
                                               {"zeroCount", 7, fixed64},                 {"positive", 8, message, M::buckets},
                                               {"negative", 9, message, M::buckets},      {"flags", 10, varint},
                                               {"min", 12, real},                         {"max", 13, real},
                                               {"zeroThreshold", 14, real}};
constexpr FieldRow buckets_rows[] = {{"offset", 1, sint}, {"bucketCounts", 2, varints}};
constexpr FieldRow summary_point_rows[] = {{"attributes", 7, messages, M::key_value}, {"startTimeUnixNano", 2, fixed64},
                                           {"timeUnixNano", 3, fixed64},              {"count", 4, fixed64},
                                           {"sum", 5, real},                          {"quantileValues", 6, messages, M::quantile},
                                           {"flags", 8, varint}};
constexpr FieldRow quantile_rows[] = {{"quantile", 1, real}, {"value", 2, real}};

// In the order of MessageKind.
constexpr std::span<const FieldRow> all_rows[] = {
    traces_rows,      metrics_rows,         logs_rows,            resource_spans_rows, resource_metrics_rows, resource_logs_rows, scope_spans_rows,
    scope_metrics_rows, scope_logs_rows,    resource_rows,        scope_rows,          key_value_rows,        value_rows,         array_rows,
    map_rows,         span_rows,            span_event_rows,      status_rows,         log_record_rows,       metric_rows,        gauge_rows,
    sum_rows,         histogram_rows,       exponential_rows,     summary_rows,        number_point_rows,     histogram_point_rows,
    exponential_point_rows, buckets_rows,   summary_point_rows,   quantile_rows};
static_assert(std::size(all_rows) == std::size_t(M::quantile) + 1);

struct Word {
  std::string_view name;
  int number;
};
constexpr Word words[] = {{"SPAN_KIND_UNSPECIFIED", 0}, {"SPAN_KIND_INTERNAL", 1}, {"SPAN_KIND_SERVER", 2}, {"SPAN_KIND_CLIENT", 3},
                          {"SPAN_KIND_PRODUCER", 4}, {"SPAN_KIND_CONSUMER", 5}, {"STATUS_CODE_UNSET", 0}, {"STATUS_CODE_OK", 1},
                          {"STATUS_CODE_ERROR", 2}, {"AGGREGATION_TEMPORALITY_UNSPECIFIED", 0}, {"AGGREGATION_TEMPORALITY_DELTA", 1},
                          {"AGGREGATION_TEMPORALITY_CUMULATIVE", 2}, {"SEVERITY_NUMBER_UNSPECIFIED", 0}};
constexpr std::string_view severities[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};

}  // namespace

std::span<const FieldRow> fields_of(MessageKind kind) { return all_rows[std::size_t(kind)]; }

int word_number(std::string_view name) {
  for (const Word& each : words)
    if (each.name == name) return each.number;
  constexpr std::string_view severity = "SEVERITY_NUMBER_";
  if (!name.starts_with(severity)) return -1;
  name.remove_prefix(severity.size());
  for (int i = 0; i < 6; ++i) {  // TRACE is 1, TRACE2 is 2, ... FATAL4 is 24
    if (!name.starts_with(severities[i])) continue;
    const std::string_view step = name.substr(severities[i].size());
    if (step.empty()) return 4 * i + 1;
    if (step.size() == 1 && step[0] >= '2' && step[0] <= '4') return 4 * i + (step[0] - '0');
  }
  return -1;
}

}  // namespace aybiza::otlp
