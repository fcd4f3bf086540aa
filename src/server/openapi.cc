#include "server/openapi.h"

#include "codec/json_writer.h"
#include "model/field.h"
#include "model/measure.h"

namespace aybiza {
namespace {

struct Parameter {
  std::string_view name, text;
  bool required = false;
};

void parameters(JsonWriter& json, std::initializer_list<Parameter> list) {
  json.key("parameters").begin_array();
  for (const Parameter& p : list) {
    const bool of_path = p.name == "call_id" || p.name == "report_id" || p.name == "vendor" || p.name == "token";
    json.begin_object().member("name", p.name).member("in", of_path ? "path" : "query");
    json.member("required", p.required).member("description", p.text);
    json.key("schema").begin_object().member("type", "string").end_object().end_object();
  }
  json.end_array();
}

void operation(JsonWriter& json, std::string_view path, std::string_view method, std::string_view summary,
               std::initializer_list<Parameter> list) {
  json.key(path).begin_object().key(method).begin_object();
  json.member("summary", summary);
  parameters(json, list);
  json.key("responses").begin_object();
  json.key("200").begin_object().member("description", "the answer").end_object();
  json.key("400").begin_object().member("description", "names the parameter, what was not understood and what would have been").end_object();
  json.key("401").begin_object().member("description", "no usable key").end_object();
  json.end_object().end_object().end_object();
}

std::string_view json_type(const FieldInfo& field) {
  switch (field.kind) {
    case Kind::flag: return "boolean";
    case Kind::count: return "integer";
    case Kind::millis: case Kind::seconds: case Kind::score: case Kind::money: case Kind::real: return "number";
    case Kind::vector: return "array";
    case Kind::json: return "object";
    default: return "string";
  }
}

// One schema per event type, read off the table that decoding reads.
void event_schemas(JsonWriter& json) {
  for (std::size_t i = 0; i + 1 < event_type_count; ++i) {
    const auto type = EventType(i);
    if (is_ours_alone(type)) continue;
    json.key(to_string(type)).begin_object().member("type", "object");
    json.key("required").begin_array();
    for (const FieldInfo& field : fields())
      if ((field.required & mask_of(type)) != 0) json.string(field.name);
    json.end_array();
    json.key("properties").begin_object();
    for (const FieldInfo& field : fields()) {
      if ((field.types & mask_of(type)) == 0) continue;
      json.key(field.name).begin_object().member("type", json_type(field));
      if (!field.words.empty()) {
        json.key("enum").begin_array();
        for (const auto word : field.words) json.string(word);
        json.end_array();
      }
      if (field.kind == Kind::time) json.member("format", "date-time");
      const bool bounded = is_number(field.kind) && field.kind != Kind::flag && field.kind != Kind::time && field.kind != Kind::real;
      if (bounded) json.member("minimum", field.min).member("maximum", field.max);
      json.end_object();
    }
    json.end_object().end_object();
  }
}

void words(JsonWriter& json, std::string_view name, const std::vector<std::string>& list) {
  json.key(name).begin_object().member("type", "string").key("enum").begin_array();
  for (const std::string& word : list) json.string(word);
  json.end_array().end_object();
}

}  // namespace

std::string openapi_document() {
  std::string out;
  JsonWriter json(out);
  json.begin_object().member("openapi", "3.1.0");
  json.key("info").begin_object().member("title", "AYBIZA Analytics").member("version", "1").end_object();
  json.key("paths").begin_object();
  operation(json, "/v1/events", "post", "Send events: NDJSON, JSON, batch object or CloudEvents; gzip or zstd", {});
  operation(json, "/api/v1/write", "post", "Prometheus remote write 1.0 and 2.0 (protobuf, Snappy)", {});
  operation(json, "/v1/webhooks/{vendor}/{token}", "post", "A webhook of vapi, retell, elevenlabs, twilio or livekit, signed by it",
            {{"vendor", "who sends", true}, {"token", "of a source: aybiza source add", true}});
  operation(json, "/api/v1/query", "get", "Measures by dimensions and time, from live state or the store",
            {{"select", "comma list of measures", true}, {"by", "comma list of dimensions"}, {"from", "RFC 3339"}, {"to", "RFC 3339"},
             {"window", "5m, 15m, 1h, 24h, 7d, 30d or today"}, {"step", "1s … 31d: one row per bucket"}, {"where", "[!]dimension:value|value, repeated"},
             {"order", "columns, - for descending"}, {"limit", "rows"}, {"source", "auto, live or store"}, {"tz", "IANA zone of buckets and days"},
             {"format", "json, csv, ndjson or parquet"}, {"ma", "window of ma_ measures"}, {"metric", "a generic metric; select then names its aggregations: sum, p95 …"}});
  operation(json, "/api/v1/prices", "get", "The price book in force: rates with their origin and dates, and the rules by which names are found",
            {{"customer_id", ""}, {"model", ""}});
  operation(json, "/api/v1/prices/unpriced", "get", "What was used and has no price: counts, amounts, first and last seen",
            {{"customer_id", ""}, {"from", "RFC 3339"}, {"to", "RFC 3339"}, {"limit", "1 to 1000"}});
  operation(json, "/api/v1/prices/rerate", "post", "Price usage anew by the book in force; scope admin",
            {{"customer_id", ""}, {"from", "RFC 3339"}, {"to", "RFC 3339"}, {"dry_run", "true: tell only"}});
  operation(json, "/api/v1/prices/what-if", "post", "What usage would have cost by the price list in the body, which is stored nowhere",
            {{"customer_id", ""}, {"from", "RFC 3339"}, {"to", "RFC 3339"}});
  operation(json, "/api/v1/live", "get", "The Overview's numbers: value, previous, age_ms, n", {});
  operation(json, "/api/v1/calls", "get", "Calls, in flight first",
            {{"customer_id", ""}, {"region", ""}, {"agent_id", ""}, {"call_outcome", ""}, {"state", "active or ended"}, {"model_used", ""},
             {"caller_number", "in any spelling"}, {"phone_number", "in any spelling"},
             {"from", "RFC 3339"}, {"to", "RFC 3339"}, {"limit", "1 … 1000"}, {"cursor", "`next` of the page before"}});
  operation(json, "/api/v1/calls/{call_id}", "get", "One call with turns, usage and interventions", {{"call_id", "our id or the sender's", true}});
  operation(json, "/api/v1/turns/search", "get", "Turns found by words, by what a text is about, or by a vector; a POST takes the same as a JSON body, for vectors of 1536 numbers",
            {{"q", "words"}, {"like", "a text, for turns about the same"}, {"vector", "1536 numbers of an embedding or 100 of a topic"}, {"match", "any or all of the words"},
             {"k", "hits, 1 … 200"}, {"version", "of the topic model"}, {"exact", "true: without an index"}, {"from", "RFC 3339"}, {"to", "RFC 3339"}, {"window", "5m … 30d or today"},
             {"customer_id", ""}, {"agent_id", ""}, {"speaker", "caller or agent"}, {"sentiment", "positive, neutral or negative"}, {"topic", ""}, {"intent", ""}, {"emotion", ""},
             {"state", ""}, {"region", ""}, {"campaign", ""}, {"language", ""}, {"call_outcome", ""}, {"resolution_status", ""}});
  operation(json, "/api/v1/topics", "get", "The topic models kept, and what is being done about them", {});
  operation(json, "/api/v1/topics/train", "post", "Learn topics from the stored turns and give each its vector; scope admin", {});
  operation(json, "/api/v1/topics/index", "post", "Build indexes of nearest neighbours in PostgreSQL with pgvector; scope admin", {{"drop", "true: drop them"}});
  operation(json, "/api/v1/definitions", "get", "What the figures of the pages mean: title, definition, formula, source", {{"language", "en (the default), de"}});
  operation(json, "/api/v1/flow", "get", "Transitions between states of the conversation", {{"window", ""}, {"from", ""}, {"to", ""}});
  operation(json, "/api/v1/learning", "get", "Patterns, knowledge graphs, improvements, experiments and changes of a time",
            {{"from", "RFC 3339"}, {"to", "RFC 3339"}, {"window", "5m … 30d or today"}, {"source", "auto, live or store"}, {"customer_id", ""}, {"agent_id", ""}});
  operation(json, "/api/v1/changes", "get", "Changes of prompts, models, tools, knowledge and deployments: markers for charts",
            {{"from", "RFC 3339"}, {"to", "RFC 3339"}, {"window", "5m … 30d or today"}, {"source", "auto, live or store"}, {"customer_id", ""},
             {"agent_id", ""}, {"what", "prompt, model, tool, knowledge or deploy"}});
  operation(json, "/api/v1/export", "get", "A published table or view, streamed",
            {{"table", "name of a table or view", true}, {"format", "csv, ndjson or parquet"}, {"from", "RFC 3339"}, {"to", "RFC 3339"}});
  operation(json, "/api/v1/analyze", "post", "Sentiment, emotion, topics, intent, entities and figures of {\"text\"} or {\"texts\"}", {});
  operation(json, "/api/v1/privacy", "get", "What was masked since the start, by class and customer, and each customer's policy", {});
  operation(json, "/api/v1/privacy/forget", "post", "Destroy the keys of a caller; scope admin, audited", {{"caller", "phone number or its token", true}});
  operation(json, "/api/v1/calls/{call_id}/unmask", "post", "The words as they were said, where they are kept encrypted; scope admin, audited",
            {{"call_id", "our id or the sender's", true}});
  operation(json, "/api/v1/budgets", "get", "What each budget has spent this month, its stage, burn rate and where the month will end; POST {of, name, customer_id, usd} sets one, without usd takes it away; scope admin", {{"tz", "IANA zone of days and months"}});
  operation(json, "/api/v1/reports", "get", "Pages that are sent by mail: when each is next due, when it was sent, what went wrong; scope admin", {});
  operation(json, "/api/v1/reports/{report_id}", "delete", "No more of it; scope admin. POST /api/v1/reports {name, page, to, at, days, tz, format, customer} makes one (docs/reports.md)", {{"report_id", "as in the list", true}});
  operation(json, "/api/v1/reports/{report_id}/send", "post", "One mail now; scope admin. Likewise /on and /off", {{"report_id", "as in the list", true}});
  operation(json, "/api/v1/retention", "get", "What would go by the rules of retention, and what went since the start", {});
  operation(json, "/api/v1/retention/apply", "post", "A pass of retention now; scope admin", {});
  operation(json, "/api/v1/backup", "post", "Start a backup to {\"to\":\"/absolute/folder\"} on the server's machine; GET tells how far it is, DELETE calls it off; scope admin", {});
  operation(json, "/api/v1/backup/hold", "post", "Keep the log until the next backup is done, at most a day; scope admin", {});
  operation(json, "/api/v1/audit/conservation", "get", "Every event that was offered, and what became of it", {});
  operation(json, "/api/v1/audit/reconcile", "get", "Live state against the store, per closed minute", {});
  operation(json, "/api/v1/audit/log", "get", "Who changed what, the newest first: by the API, on the pages, and by the command line; scope admin, of the platform", {{"limit", "1 to 1000; 100"}});
  json.end_object();
  json.key("components").begin_object().key("schemas").begin_object();
  event_schemas(json);
  words(json, "measure", all_measures());
  words(json, "dimension", all_dimensions());
  json.end_object();
  json.key("securitySchemes").begin_object().key("key").begin_object().member("type", "http").member("scheme", "bearer").end_object().end_object();
  json.end_object().end_object();
  return out;
}

}  // namespace aybiza
