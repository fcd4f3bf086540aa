#include "query/oracle_turns.h"

#include <algorithm>

#include "text/entities.h"
#include "text/text_facts.h"

namespace aybiza {

Kept keep(const Event& event, Instant received) {
  Kept kept{event.type, event.rank, event.time, received, event.id, event.agent, std::string(event.customer),
            std::string(event.source), std::string(event.id_text), std::string(event.type_text),
            std::string(event.ext), std::string(event.scope), {}};
  for (const Value& value : event.values) {
    const FieldInfo& about = info(value.field);
    Said said{value.number, std::string(value.text)};
    if (about.kind == Kind::word) said.text = about.words[std::size_t(value.number)];
    kept.fields[value.field] = std::move(said);
  }
  return kept;
}

TurnRow turn_row(const Id& call, std::int64_t number, const std::vector<const Kept*>& ordered) {
  const LastWord said(ordered);
  TurnRow row;
  row.call_id = call;
  row.turn_number = number;
  // The turn's time is that of the event with the last word.
  row.time = ordered.back()->time;
  row.agent_speaks = said.text(Field::speaker) == "agent";
  row.text_content = said.text(Field::text_content);
  row.state = said.text(Field::state);
  row.intent = said.text(Field::intent);
  row.emotion = said.text(Field::emotion);
  row.response_time_us = said.number(Field::response_time_ms);
  row.stt_latency_us = said.number(Field::stt_latency_ms);
  row.llm_latency_us = said.number(Field::llm_latency_ms);
  row.tts_latency_us = said.number(Field::tts_latency_ms);
  row.confidence_e4 = said.number(Field::confidence_score);
  row.sentiment_e4 = said.number(Field::sentiment_score);
  if (const auto cut = said.number(Field::interrupted)) row.interrupted = *cut != 0;
  row.entities = said.text(Field::entities);
  if (row.entities.empty()) append_entities_json(row.text_content, row.entities);
  const auto facts = read_text_facts(said.text(Field::text_facts));
  if (facts) append_features_json(features_from(facts->counts), row.features);
  std::optional<TextResult> found;  // where the words were not kept, what was found in them then
  if (!row.text_content.empty()) found = analyze(row.text_content);
  else if (facts) found = facts->meaning;
  if (!found) return row;
  if (!row.sentiment_e4) {
    row.sentiment_e4 = found->sentiment_e4;
    row.sentiment_confidence_e4 = found->confidence_e4;
  }
  if (row.emotion.empty()) row.emotion = to_string(found->emotion);
  if (row.intent.empty()) row.intent = to_string(found->intent);
  row.topics = found->topics;
  return row;
}

// The numbers of all keys anew from all events, and each turn from its parts.
std::vector<KeyOfTurns> numbered_keys(const std::vector<const Kept*>& events) {
  std::map<std::uint64_t, KeyOfTurns> by_key;
  for (const Kept* event : events) {
    const std::string& text = event->fields.at(Field::turn_key).text;
    const std::uint64_t tie = hash64(text, std::uint64_t(event->rank));
    KeyOfTurns& key = by_key[tie];
    key.tie = tie;
    key.start = std::min(key.start, event->time);
    key.exchange = text[0] == 'x';
    if (event->has(Field::turn_exchange)) {
      const std::int64_t told = event->fields.at(Field::turn_exchange).number;
      key.told = key.told == 0 ? told : std::min(key.told, told);
    }
  }
  std::vector<KeyOfTurns> keys;
  for (const auto& [tie, key] : by_key) keys.push_back(key);
  std::sort(keys.begin(), keys.end(), [](const auto& a, const auto& b) { return std::tie(a.start, a.tie) < std::tie(b.start, b.tie); });
  std::map<std::int64_t, bool> told;  // exchanges that somebody numbered: is the number given away?
  for (const KeyOfTurns& key : keys)
    if (key.exchange && key.told > 0) told[key.told] = false;
  std::int64_t highest = 0;
  for (KeyOfTurns& key : keys) {
    const bool own = key.exchange && key.told > 0 && !told[key.told];
    std::int64_t exchange = own ? key.told : (highest + 1) / 2 + 1;
    if (own) told[key.told] = true;
    else while (told.contains(exchange)) ++exchange;
    key.number = 2 * exchange;
    if (!key.exchange)
      for (key.number = highest + 1; told.contains((key.number + 1) / 2);) ++key.number;
    highest = std::max(highest, key.number);
  }
  return keys;
}

namespace {

bool spaced(const std::string& before, const std::string& after) {
  if (before.back() == ' ' || after.front() == ' ') return false;
  std::size_t at = before.size() - 1;
  while (at > 0 && (before[at] & '\xC0') == '\x80') --at;
  const auto lead = static_cast<unsigned char>(before[at]);
  return lead < 0xE3 || lead > 0xE9;
}

}  // namespace

std::vector<const Kept*> with_one_text(const std::vector<const Kept*>& parts, std::deque<Kept>& made) {
  const auto order_of = [](const Kept* part) { return part->has(Field::text_order) ? part->fields.at(Field::text_order).number : -1; };
  std::int64_t silent = -1;
  const Kept* best = nullptr;
  for (const Kept* part : parts) {
    if (!part->has(Field::speaker)) silent = std::max(silent, order_of(part));
    else if (order_of(part) >= 0 && (!best || order_of(part) >= order_of(best))) best = part;
  }
  if (silent > 0 && silent > (best ? order_of(best) : 0)) return {};
  std::vector<const Kept*> out;
  for (const Kept* part : parts) {
    if (!part->has(Field::speaker)) continue;
    if (!best || part == best) {
      out.push_back(part);
      continue;
    }
    Kept& less = made.emplace_back(*part);
    for (const Field field : {Field::text_content, Field::text_facts, Field::text_sealed, Field::entities}) less.fields.erase(field);
    out.push_back(&less);
  }
  return out;
}

Kept joined(const std::vector<const Kept*>& parts) {
  Kept out = *parts.back();
  out.fields.clear();
  Instant first = Instant::max(), spoken = Instant::max();
  for (const Kept* part : parts) {
    first = std::min(first, part->time);
    for (const auto& [field, said] : part->fields) {
      const auto at = out.fields.find(field);
      if (field == Field::text_content) {
        spoken = std::min(spoken, part->time);
        if (at != out.fields.end()) {
          at->second.text += (spaced(at->second.text, said.text) ? " " : "") + said.text;
          continue;
        }
      }
      if (field == Field::text_facts && at != out.fields.end()) {
        auto all = read_text_facts(at->second.text);
        const auto next = read_text_facts(said.text);
        if (!all || !next) continue;
        all->join(*next);
        at->second.text.clear();
        append_text_facts(*all, at->second.text);
        continue;
      }
      const bool keep_old = at != out.fields.end() &&
                            (field == Field::llm_latency_ms || field == Field::tts_latency_ms ||
                             (field == Field::interrupted && at->second.number != 0) ||
                             (field == Field::started_at && at->second.number <= said.number) ||
                             (field == Field::ended_at && at->second.number >= said.number));
      if (!keep_old) out.fields[field] = said;
    }
  }
  out.time = spoken != Instant::max() ? spoken : first;
  return out;
}

}  // namespace aybiza
