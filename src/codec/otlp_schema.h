// The messages of OTLP as a table: JSON member, field number, kind. Only what is decoded is listed.
//
// Threads  constant data; any.
// Source   opentelemetry-proto 1.11; ingest-formats.md 1.3 (field numbers and wire types).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace aybiza::otlp {

// How a member is written in JSON and which wire type it has.
enum class FieldKind : std::uint8_t {
  text, hex, base64,            // length-delimited
  boolean, varint, word,        // varint; `word`: an enum, by number or name
  sint,                         // varint, zigzag
  fixed64, sfixed64, real,      // fixed64; 64-bit integers may be JSON strings
  message,                      //
  messages,                     // a JSON array of them
  fixed64s, varints, reals,     // packed
};

enum class MessageKind : std::uint8_t {
  traces, metrics, logs, resource_spans, resource_metrics, resource_logs, scope_spans, scope_metrics, scope_logs, resource, scope,
  key_value, value, array, map, span, span_event, status, log_record, metric, gauge, sum, histogram, exponential, summary, number_point,
  histogram_point, exponential_point, buckets, summary_point, quantile,
};

struct FieldRow {
  std::string_view name;
  std::uint8_t number;
  FieldKind kind;
  MessageKind message = MessageKind::value;  // of message and messages
};

std::span<const FieldRow> fields_of(MessageKind kind);

// What is refused alone when something in it is wrong.
constexpr bool is_item(MessageKind kind) {
  using enum MessageKind;
  return kind == span || kind == log_record || kind == number_point || kind == histogram_point || kind == exponential_point ||
         kind == summary_point;
}

// "SPAN_KIND_SERVER" -> 2; -1: no such name. Senders should send numbers, some send names.
int word_number(std::string_view name);

}  // namespace aybiza::otlp
