// One turn put together from the events that name its number, whatever order they come in.
//
// Shape    the events are kept as fragments, sorted by order; the row is read by letting later fragments overwrite
//          earlier ones. A fragment all of whose fields are overwritten is dropped, which no later event can notice.
//          Parts (events with Field::turn_key) add up instead: texts are joined in order, tools too, the turn is as long as
//          all of them, the first part's LLM and TTS latency and the last one's STT latency count, and one that was
//          interrupted interrupts the turn.
//          What text/ finds is kept, so a text is read once; where the text itself was not kept, what ingest found in it
//          (text/text_facts.h) counts. After forget_texts() only the figures remain.
// Cost     one string; the usual turn has one fragment.
// Threads  none: owned by one call.
// Source   decisions.md 4, 6; docs/metrics.md "Turn".
#pragma once

#include <string>

#include "assemble/facts.h"
#include "assemble/bytes.h"
#include "assemble/order.h"

namespace aybiza {

class TurnFields;

class TurnState {
 public:
  // False when nothing changed (a duplicate).
  bool merge(const Event& event) { return merge(event, std::int32_t(event.number(Field::turn_number).value_or(0))); }
  bool merge(const Event& event, std::int32_t number);
  void renumber(std::int32_t number) { number_ = number; }
  std::size_t parts() const;  // how many events with a key
  void forget_texts();
  bool has_texts() const { return !fragments_.empty(); }

  std::int32_t number() const { return number_; }
  Instant time() const { return time_; }
  bool agent_speaks() const { return agent_speaks_; }
  TurnFacts facts() const;
  Number sentiment_e4() const;
  std::uint32_t topics() const { return topics_; }
  // The texts that are dimensions; views into the fragments (empty after forget_texts()) or constants.
  struct Labels { std::string_view state, intent, emotion; };
  Labels labels() const;
  std::string_view found_emotion() const;  // text/'s; empty when the event named one, or had no text
  std::string_view found_intent() const;   // likewise

  TurnRow row(const Id& call) const;  // REQUIRES: has_texts(), or a row without texts will do

  std::size_t heap_bytes() const { return fragments_.capacity() > 15 ? fragments_.capacity() + 1 : 0; }
  void write(bytes::Writer& out, Instant since) const;  // since: near its time, so that this takes few bytes
  bool read(bytes::Reader& in, Instant since);

 private:
  void read_fragments(TurnFields& fields) const;
  bool insert_fragment(const Event& event);
  void drop_overwritten();
  void derive(const TurnFields& fields);
  void derive_first(const Event& event);
  struct Said { std::string_view text, facts, emotion, intent; };
  void read_text(const Said& said);
  void overwrite_figures(const Event& event);

  static constexpr std::int64_t unknown = -1;           // no latency is negative
  static constexpr std::int16_t unknown_score = INT16_MIN;
  Instant time_ = Instant::min();
  std::int64_t response_us_ = unknown, stt_us_ = unknown, llm_us_ = unknown, tts_us_ = unknown;
  std::string fragments_;
  std::int32_t number_ = 0;
  std::uint32_t topics_ = 0;
  std::int16_t sentiment_e4_ = unknown_score, confidence_e4_ = unknown_score;
  std::int8_t found_emotion_ = -1, found_intent_ = -1;  // text/'s, when the event names none
  bool agent_speaks_ = false, interrupted_ = false;
};

}  // namespace aybiza
