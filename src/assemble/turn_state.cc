#include "assemble/turn_state.h"

#include <array>
#include <vector>

#include "assemble/turn_fields.h"
#include "text/analyze.h"
#include "text/entities.h"
#include "text/text_facts.h"

namespace aybiza {
namespace {

constexpr std::uint8_t ext_number = 0xFF;  // in fragments, where a field's number is its place in the table
static_assert(field_count < ext_number);

bool kept(Field field) {  // dimensions belong to the call
  return std::size_t(field) >= dimension_field_count && field != Field::call_id && field != Field::turn_number &&
         field != Field::turn_key && field != Field::turn_exchange && field != Field::sample_weight;
}

constexpr std::uint8_t part_flag = 0x80;  // of the rank's byte

bool is_part(const Event& event) { return event.find(Field::turn_key) != nullptr; }

// One fragment: rank, time, id, then the values: field, then a number or a text.
struct FragmentReader {
  bytes::Reader in;
  Order order{};
  bool part = false;
  std::size_t values = 0;
  explicit FragmentReader(std::string_view from) : in(from) {}
  bool next() {
    if (in.done() || in.bad()) return false;
    const std::uint8_t rank = in.byte();
    part = (rank & part_flag) != 0;
    order.rank = Rank(rank & ~part_flag);
    order.time = in.instant();
    order.id = in.id();
    values = in.length();
    return !in.bad();
  }
  template <typename Visit>
  void each(Visit&& visit) {
    for (; values > 0 && !in.bad(); --values) {
      const std::uint8_t read = in.byte();
      if (read >= field_count && read != ext_number) break;
      const Field field = read == ext_number ? TurnFields::ext : Field(read);
      const bool number = field != TurnFields::ext && (is_number(info(field).kind) || info(field).kind == Kind::word);
      Value value{.field = field};
      if (number) value.number = in.number();
      else value.text = in.text();
      if (!in.bad()) visit(value);
    }
  }
};

// Valid until the next call on this thread.
std::string_view fragment_of(const Event& event) {
  thread_local std::string out;  // its memory serves again: the fragment itself is one allocation of the right size
  out.clear();
  bytes::Writer writer(out);
  writer.byte(std::uint8_t(std::uint8_t(event.rank) | (is_part(event) ? part_flag : 0)));
  writer.instant(event.time);
  writer.id(event.id);
  std::size_t values = event.ext.empty() ? 0 : 1;
  for (const Value& value : event.values) values += kept(value.field) ? 1 : 0;
  writer.count(values);
  for (const Value& value : event.values) {
    if (!kept(value.field)) continue;
    writer.byte(std::uint8_t(value.field));
    if (const Kind kind = info(value.field).kind; is_number(kind) || kind == Kind::word) writer.number(value.number);
    else writer.text(value.text);
  }
  if (!event.ext.empty()) {
    writer.byte(ext_number);
    writer.text(event.ext);
  }
  return out;
}

Number known(std::int64_t value) { return value < 0 ? Number{} : Number(value); }

// What there is to tell, a bit each: most turns tell half of it.
enum Told : std::uint16_t {
  speaks = 1, interrupts = 2, with_fragments = 4, with_response = 8, with_stt = 16, with_llm = 32, with_tts = 64, with_sentiment = 128,
  with_confidence = 256, with_topics = 512, with_found = 1024, told_all = 2047,
};

// Of the parts that tell the text of the turn in several ways the one that counts; nullopt: there are none.
std::optional<Order> text_told_by(std::string_view fragments) {
  std::optional<Order> best;
  std::int64_t greatest = 0;
  for (FragmentReader reader(fragments); reader.next();) {
    const Order order = reader.order;
    reader.each([&](const Value& value) {
      if (value.field == Field::text_order && (!best || value.number >= greatest)) best = order, greatest = value.number;
    });
  }
  return best;
}

}  // namespace

void TurnState::read_fragments(TurnFields& fields) const {
  const std::optional<Order> text = text_told_by(fragments_);
  for (FragmentReader reader(fragments_); reader.next();) {
    if (!reader.part) {
      reader.each([&](const Value& value) { fields.take(value); });
      continue;
    }
    fields.parts = true;
    fields.first = std::min(fields.first, reader.order.time);
    const bool another = text && *text != reader.order;
    reader.each([&](const Value& value) {
      if (another && TurnFields::of_text(value.field)) return;
      if (value.field == Field::text_content && !value.text.empty()) fields.spoken = std::min(fields.spoken, reader.order.time);
      fields.take_part(value);
    });
  }
}

bool TurnState::insert_fragment(const Event& event) {
  const Order order = order_of(event);
  std::size_t place = fragments_.size();
  for (FragmentReader reader(fragments_);;) {
    const std::size_t begin = fragments_.size() - reader.in.left();
    if (!reader.next()) break;
    if (reader.order == order) return false;
    if (order < reader.order) { place = begin; break; }
    reader.each([](const Value&) {});
  }
  const bool last = place == fragments_.size();
  fragments_.insert(place, fragment_of(event));
  if (last) time_ = event.time;
  return true;
}

void TurnState::drop_overwritten() {
  struct Span { std::size_t begin, end; bool part; std::vector<std::uint8_t> fields; };
  std::vector<Span> spans;
  for (FragmentReader reader(fragments_);;) {
    Span span{fragments_.size() - reader.in.left(), 0, false, {}};
    if (!reader.next()) break;
    span.part = reader.part;
    reader.each([&](const Value& value) { span.fields.push_back(std::uint8_t(value.field)); });
    span.end = fragments_.size() - reader.in.left();
    spans.push_back(std::move(span));
  }
  if (spans.size() < 3) return;  // nothing to win
  std::array<bool, field_count + 1> seen{};
  std::string keep;
  for (std::size_t i = spans.size(); i-- > 0;) {
    bool needed = i + 1 == spans.size() || spans[i].part;  // the last one gives the time; parts add up
    if (spans[i].part) spans[i].fields.clear();
    for (const std::uint8_t field : spans[i].fields) {
      needed |= !seen[field];
      seen[field] = true;
    }
    if (needed) keep.insert(0, fragments_, spans[i].begin, spans[i].end - spans[i].begin);
  }
  fragments_ = std::move(keep);
}

bool TurnState::merge(const Event& event, std::int32_t number) {
  const bool first = time_ == Instant::min();
  number_ = number;
  if (first) {
    fragments_ = fragment_of(event);
    time_ = event.time;
    derive_first(event);
    return true;
  }
  if (!has_texts()) {
    overwrite_figures(event);
    return true;
  }
  if (!insert_fragment(event)) return false;
  drop_overwritten();
  TurnFields fields;
  read_fragments(fields);
  if (fields.parts) time_ = fields.spoken != Instant::max() ? fields.spoken : fields.first;
  derive(fields);
  return true;
}

std::size_t TurnState::parts() const {
  std::size_t count = 0;
  for (FragmentReader reader(fragments_); reader.next(); reader.each([](const Value&) {})) count += reader.part ? 1 : 0;
  return count;
}

void TurnState::derive(const TurnFields& fields) {
  agent_speaks_ = fields.number(Field::speaker).value_or(0) != 0;
  interrupted_ = fields.number(Field::interrupted).value_or(0) != 0;
  response_us_ = fields.number(Field::response_time_ms).value_or(unknown);
  stt_us_ = fields.number(Field::stt_latency_ms).value_or(unknown);
  llm_us_ = fields.number(Field::llm_latency_ms).value_or(unknown);
  tts_us_ = fields.number(Field::tts_latency_ms).value_or(unknown);
  sentiment_e4_ = std::int16_t(fields.number(Field::sentiment_score).value_or(unknown_score));
  confidence_e4_ = unknown_score;
  found_emotion_ = found_intent_ = -1;
  topics_ = 0;
  read_text({.text = fields.text(Field::text_content), .facts = fields.text(Field::text_facts), .emotion = fields.text(Field::emotion),
             .intent = fields.text(Field::intent)});
}

// As derive(), for the usual turn of one event.
void TurnState::derive_first(const Event& event) {
  Said said;
  for (const Value& value : event.values) {
    switch (value.field) {
      case Field::speaker: agent_speaks_ = value.number != 0; break;
      case Field::interrupted: interrupted_ = value.number != 0; break;
      case Field::response_time_ms: response_us_ = value.number; break;
      case Field::stt_latency_ms: stt_us_ = value.number; break;
      case Field::llm_latency_ms: llm_us_ = value.number; break;
      case Field::tts_latency_ms: tts_us_ = value.number; break;
      case Field::sentiment_score: sentiment_e4_ = std::int16_t(value.number); break;
      case Field::text_content: said.text = value.text; break;
      case Field::text_facts: said.facts = value.text; break;
      case Field::emotion: said.emotion = value.text; break;
      case Field::intent: said.intent = value.text; break;
      default: break;
    }
  }
  read_text(said);
}

void TurnState::read_text(const Said& said) {
  std::optional<TextResult> found;
  if (!said.text.empty()) found = analyze(said.text);
  else if (const auto facts = read_text_facts(said.facts)) found = facts->meaning;
  if (!found) return;
  topics_ = found->topics;
  if (said.emotion.empty()) found_emotion_ = std::int8_t(found->emotion);
  if (said.intent.empty()) found_intent_ = std::int8_t(found->intent);
  if (sentiment_e4_ == unknown_score) {
    sentiment_e4_ = std::int16_t(found->sentiment_e4);
    confidence_e4_ = std::int16_t(found->confidence_e4);
  }
}

// After forget_texts() the orders are gone; whoever speaks last is taken to be right.
void TurnState::overwrite_figures(const Event& event) {
  time_ = std::max(time_, event.time);
  const auto take = [&](Field field, std::int64_t& into) {
    if (const Number value = event.number(field)) into = *value;
  };
  take(Field::response_time_ms, response_us_);
  take(Field::stt_latency_ms, stt_us_);
  take(Field::llm_latency_ms, llm_us_);
  take(Field::tts_latency_ms, tts_us_);
  if (const Number value = event.number(Field::interrupted)) interrupted_ = *value != 0;
  if (const Number value = event.number(Field::sentiment_score)) {
    sentiment_e4_ = std::int16_t(*value);
    confidence_e4_ = unknown_score;
  }
}

void TurnState::forget_texts() {
  fragments_.clear();
  fragments_.shrink_to_fit();
}

TurnFacts TurnState::facts() const {
  TurnFacts facts;
  facts.interrupted = interrupted_;
  if (!agent_speaks_) {
    facts.sentiment_e4 = sentiment_e4();
    if (confidence_e4_ != unknown_score) facts.sentiment_confidence_e4 = confidence_e4_;
  }
  facts.response_us = known(response_us_);
  facts.stt_us = known(stt_us_);
  facts.llm_us = known(llm_us_);
  facts.tts_us = known(tts_us_);
  return facts;
}

Number TurnState::sentiment_e4() const { return sentiment_e4_ == unknown_score ? Number{} : Number(sentiment_e4_); }

TurnState::Labels TurnState::labels() const {
  Labels labels;
  for (FragmentReader reader(fragments_); reader.next();)
    reader.each([&](const Value& value) {
      if (value.field == Field::state) labels.state = value.text;
      if (value.field == Field::intent) labels.intent = value.text;
      if (value.field == Field::emotion) labels.emotion = value.text;
    });
  if (labels.emotion.empty()) labels.emotion = found_emotion();
  if (labels.intent.empty()) labels.intent = found_intent();
  return labels;
}

std::string_view TurnState::found_emotion() const {
  return found_emotion_ >= 0 ? to_string(Emotion(found_emotion_)) : std::string_view{};
}

std::string_view TurnState::found_intent() const {
  return found_intent_ >= 0 ? to_string(Intent(found_intent_)) : std::string_view{};
}

TurnRow TurnState::row(const Id& call) const {
  TurnFields fields;
  read_fragments(fields);
  TurnRow row;
  row.call_id = call;
  row.turn_number = number_;
  row.time = row.updated = time_;
  row.agent_speaks = agent_speaks_;
  row.text_content = fields.text(Field::text_content);
  row.state = fields.text(Field::state);
  row.intent = fields.text(Field::intent);
  if (row.intent.empty()) row.intent = found_intent();
  row.emotion = fields.text(Field::emotion);
  if (row.emotion.empty()) row.emotion = found_emotion();
  row.entities = fields.text(Field::entities);
  if (row.entities.empty()) append_entities_json(row.text_content, row.entities);
  if (const auto facts = read_text_facts(fields.text(Field::text_facts))) append_features_json(features_from(facts->counts), row.features);
  row.sealed = fields.text(Field::text_sealed);
  row.tools = fields.text(Field::tools);
  row.embedding = fields.text(Field::text_embedding);
  row.ext = fields.text(TurnFields::ext);
  if (const Number at = fields.number(Field::started_at)) row.started = from_micros(*at);
  if (const Number at = fields.number(Field::ended_at)) row.ended = from_micros(*at);
  row.response_time_us = known(response_us_);
  row.stt_latency_us = known(stt_us_);
  row.llm_latency_us = known(llm_us_);
  row.tts_latency_us = known(tts_us_);
  row.endpointing_us = fields.number(Field::endpointing_ms);
  row.confidence_e4 = fields.number(Field::confidence_score);
  row.sentiment_e4 = sentiment_e4();
  if (confidence_e4_ != unknown_score) row.sentiment_confidence_e4 = confidence_e4_;
  if (const Number flag = fields.number(Field::interrupted)) row.interrupted = *flag != 0;
  if (const Number flag = fields.number(Field::backchannel)) row.backchannel = *flag != 0;
  row.topics = topics_;
  return row;
}

void TurnState::write(bytes::Writer& out, Instant since) const {
  unsigned told = 0;
  const auto tell = [&](bool is, Told bit) { told |= is ? unsigned(bit) : 0u; };
  tell(agent_speaks_, speaks);
  tell(interrupted_, interrupts);
  tell(!fragments_.empty(), with_fragments);
  tell(response_us_ != unknown, with_response);
  tell(stt_us_ != unknown, with_stt);
  tell(llm_us_ != unknown, with_llm);
  tell(tts_us_ != unknown, with_tts);
  tell(sentiment_e4_ != unknown_score, with_sentiment);
  tell(confidence_e4_ != unknown_score, with_confidence);
  tell(topics_ != 0, with_topics);
  tell(found_emotion_ >= 0 || found_intent_ >= 0, with_found);
  out.count(told);
  out.number(number_);
  out.instant(time_, since);
  if ((told & with_fragments) != 0) out.text(fragments_);
  for (const std::int64_t latency : {response_us_, stt_us_, llm_us_, tts_us_})
    if (latency != unknown) out.count(std::uint64_t(latency));
  for (const std::int16_t score : {sentiment_e4_, confidence_e4_})
    if (score != unknown_score) out.number(score);
  if (topics_ != 0) out.count(topics_);
  if ((told & with_found) != 0) out.byte(std::uint8_t((found_emotion_ + 1) | (found_intent_ + 1) << 4));
}

bool TurnState::read(bytes::Reader& in, Instant since) {
  const std::uint64_t told = in.count();
  if (told > told_all) return false;
  number_ = std::int32_t(in.number());
  time_ = in.instant(since);
  if ((told & with_fragments) != 0) fragments_ = in.text();
  const auto latency = [&](Told bit) { return (told & bit) != 0 ? in.amount() : unknown; };
  response_us_ = latency(with_response);
  stt_us_ = latency(with_stt);
  llm_us_ = latency(with_llm);
  tts_us_ = latency(with_tts);
  const auto score = [&](Told bit) {
    if ((told & bit) == 0) return unknown_score;
    const std::int64_t value = in.number();
    return value < -10'000 || value > 10'000 ? unknown_score : std::int16_t(value);
  };
  sentiment_e4_ = score(with_sentiment);
  confidence_e4_ = score(with_confidence);
  topics_ = (told & with_topics) != 0 ? std::uint32_t(in.count()) : 0;
  const unsigned found = (told & with_found) != 0 ? in.byte() : 0;
  found_emotion_ = std::int8_t(std::min<int>(int(found & 0xF), emotion_count) - 1);
  found_intent_ = std::int8_t(std::min<int>(int(found >> 4), intent_count) - 1);
  agent_speaks_ = (told & speaks) != 0;
  interrupted_ = (told & interrupts) != 0;
  return !in.bad();
}

}  // namespace aybiza
