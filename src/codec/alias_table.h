// What spans, their attributes and log records are called by whom: data/aliases.tsv, embedded when the program is built.
//
// Shape    a name and who emits it in; a role, a fact or a word of ours out. Exact names win over prefixes, a source's own
//          rows over those of "*". Nothing of a framework's vocabulary stands in code.
// Units    a Rule's `scale` turns the sender's number into the fact's unit: times become milliseconds.
// Errors   parse refuses a file with an unknown kind, source, role, fact or unit, and says the line.
// Cost     one hash look-up per name; a second one for keys with a segment "pii".
// Threads  immutable after parse(); any.
// Source   ingest-formats.md 2.1, 3.1, 4.2-4.5, 7.3, 8.5.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/status.h"
#include "codec/otlp_span.h"

namespace aybiza {

// Who emits. The last five are not senders but vocabularies of nested members.
enum class SpanSource : std::uint8_t { generic, genai, pipecat, livekit, elevenlabs, livekit_item,
                                        livekit_metrics, livekit_usage, livekit_verdict, genai_message };
inline constexpr std::size_t span_source_count = std::size_t(SpanSource::genai_message) + 1;
std::string_view to_string(SpanSource source);

enum class SpanRole : std::uint8_t {
  none,         // not known: a generic span
  ignored,      // known, and told better by another one
  step,         // counts for its errors only
  session,      // the call from its start to its end
  exchange,     // one turn of the caller and one of the agent; stt, llm and tts spans are its children
  caller_turn, agent_turn,
  part,         // figures of the turn that is its parent
  stt, llm, tts, realtime,
  tool,
  agent,        // one invocation of an agent: names it
};

enum class RecordRole : std::uint8_t {
  none, report, chat_item, evaluation, tag, outcome, score, history,
  messages,                       // what went into a completion and what came out
  caller_message, other_message,  // one of what went in: the caller's, somebody else's
  answer,                         // what came out
};

enum class Fact : std::uint8_t {
  // whose it is
  conversation, room, job, agent, agent_name, agent_version, service, region, caller, phone, carrier_call, operation, provider, model, language, name, id,
  // turns
  turn_number, turn_index, text, output_text, is_input, is_final, role, interrupted, cut_by_end, confidence, response_time,
  first_response, stt_latency, llm_latency, tts_latency, endpointing, tool_name, tool_error, input_messages, output_messages,
  created, started, ended,
  // usage
  kind, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, audio_input_tokens, audio_output_tokens,
  audio_duration, characters, metrics,
  // the rest
  error, score, verdict, reason, nested, usage_list, item_list, event_name, choice_index,
  count_,
};
inline constexpr std::size_t fact_count = std::size_t(Fact::count_);

struct FactRule {
  Fact fact{};
  std::uint16_t place = 0;  // in the file: the lesser has the last word
  double scale = 1;
};

struct NumberedName {  // "gen_ai.prompt.2.role": member "role" of the third of a list
  Fact fact{};
  std::uint32_t number = 0;
  std::string_view member;
};

class AliasTable {
 public:
  static const AliasTable& built_in();
  static Result<AliasTable> parse(std::string_view tsv);

  SpanSource source_of(const OtlpResource& resource, const OtlpScope& scope, OtlpAttributes attributes, std::string_view event_name = {}) const;
  SpanRole role_of(SpanSource source, std::string_view span_name) const;
  SpanRole role_of_operation(SpanSource source, std::string_view operation) const;
  RecordRole role_of_record(SpanSource source, std::string_view body) const;
  // Calls visit(const FactRule&) for each fact the attribute or member tells: mostly none or one.
  template <typename Visit>
  void each_fact(SpanSource source, std::string_view key, Visit&& visit) const {
    for (const FactRule& rule : facts_of(source, key)) visit(rule);
  }
  std::optional<NumberedName> numbered(SpanSource source, std::string_view key) const;
  bool has_lists(SpanSource source) const;
  std::string_view provider(std::string_view name) const;            // the name itself when it has no other
  bool net_of_cache(SpanSource source, std::string_view provider) const;
  bool dropped(SpanSource source, std::string_view key) const;
  std::string_view outcome(SpanSource source, std::string_view word) const;  // empty: none of ours

 private:
  struct Tables;
  std::span<const FactRule> facts_of(SpanSource source, std::string_view key) const;
  std::shared_ptr<const Tables> tables_;
};

extern const std::string_view aliases_built_in;

}  // namespace aybiza
