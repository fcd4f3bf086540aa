#include "store/late.h"

#include <algorithm>
#include <map>
#include <set>

#include "assemble/assembled_call.h"
#include "assemble/price_book.h"
#include "assemble/turn_state.h"
#include "store/export.h"
#include "text/entities.h"
#include "text/text_facts.h"

namespace aybiza {
namespace {

// A late row as the event it was. The values view the row.
struct LateEvent {
  explicit LateEvent(const LateRow& row) {
    for (std::size_t i = 0; i < dimension_field_count; ++i) add_text(Field(i), row.dims.value[i]);
    for (const auto& [field, number] : row.numbers) values.push_back({.field = field, .number = number});
    for (const auto& [field, text] : row.texts) add_text(field, text);
    std::ranges::sort(values, {}, &Value::field);
    event.type = row.type, event.rank = row.rank, event.time = row.time, event.id = row.id, event.call = row.call_id;
    event.values = values;
    event.ext = row.ext;
  }
  LateEvent(const LateEvent&) = delete;  // the event views the values
  LateEvent& operator=(const LateEvent&) = delete;

  // Words travel as their position in the list of words.
  void add_text(Field field, std::string_view text) {
    if (text.empty()) return;
    if (info(field).kind != Kind::word) values.push_back({.field = field, .text = text});
    else if (const auto word = find_word(field, text)) values.push_back({.field = field, .number = *word});
  }

  std::vector<Value> values;
  Event event;
};

std::string_view word(const Event& event, Field field) {
  const Value* value = event.find(field);
  return value ? text_of(*value) : std::string_view{};
}

// What a late event may do to a field.
struct Verdict {
  bool overwrite = false;
  void number(const Number& value, Number& into) const {
    if (value && (overwrite || !into)) into = value;
  }
  void text(std::string_view value, std::string& into) const {
    if (!value.empty() && (overwrite || into.empty())) into = value;
  }
};

struct StoredCall {
  CallRow row;
  bool changed = false;
  CallSums before;  // of the rows the store had
};

using TurnKey = std::pair<Id, std::int64_t>;

class Merger {
 public:
  // The batch's own rows of these calls are newer than the stored ones.
  Merger(const RowBatch& batch, RowBatch stored, const PriceBook& prices) : out_(batch), prices_(prices) {
    const std::vector<Id> needed = needs_of(batch);
    const auto wanted = [&](const Id& id) { return std::ranges::binary_search(needed, id); };
    out_.late.clear();
    for (CallRow& row : stored.calls) put(std::move(row));
    for (const CallRow& row : batch.calls)
      if (wanted(row.call_id) && row.removed) calls_.erase(row.call_id);
      else if (wanted(row.call_id)) put(row), in_batch_.insert(row.call_id);
    for (TurnRow& row : stored.turns) put(std::move(row));
    for (const TurnRow& row : batch.turns)  // what leaves its number comes before what takes it
      if (wanted(row.call_id) && row.removed) turns_.erase({row.call_id, row.turn_number});
      else if (wanted(row.call_id)) put(row);
    for (UsageRow& row : stored.usage) usage_[row.call_id].push_back(std::move(row));
    for (const UsageRow& row : batch.usage) {
      if (!wanted(row.call_id)) continue;
      std::erase_if(usage_[row.call_id], [&](const UsageRow& old) { return old.id == row.id; });
      if (!row.removed) usage_[row.call_id].push_back(row);
    }
    for (auto& [id, call] : calls_) call.before = sums_of(id, call.row);
  }

  RowBatch merge(const std::vector<LateRow>& late) {
    for (const LateRow& row : late) take(row);
    for (auto& [id, call] : calls_)
      if (call.changed) derive(id, call);
    std::erase_if(out_.calls, [&](const CallRow& row) { return !row.removed && calls_.contains(row.call_id) && calls_.at(row.call_id).changed; });
    for (auto& [id, call] : calls_)
      if (call.changed) out_.calls.push_back(std::move(call.row));
    std::erase_if(out_.turns, [&](const TurnRow& row) { return !row.removed && changed_turns_.contains({row.call_id, row.turn_number}); });
    for (const TurnKey& key : changed_turns_) out_.turns.push_back(std::move(turns_[key]));
    return std::move(out_);
  }

 private:
  void put(CallRow row) {
    const Id id = row.call_id;
    calls_[id].row = std::move(row);
  }
  void put(TurnRow row) {
    const TurnKey key{row.call_id, row.turn_number};
    turns_[key] = std::move(row);
  }

  void take(const LateRow& row) {
    const LateEvent late(row);
    const auto known = calls_.find(row.call_id);
    if (known == calls_.end()) return keep_raw(row, late.event);
    const bool of_call = row.type != EventType::turn && row.type != EventType::usage;
    // Among the batch's calls: still live, and the fold has counted it; or evicted since, then only call events come.
    StoredCall* call = of_call || !in_batch_.contains(row.call_id) ? &known->second : nullptr;
    if (call) {
      const bool ended = call->row.state == CallState::ended && call->row.end_reason != "idle";
      const Verdict verdict{row.time >= call->row.updated && (!ended || row.rank == Rank::final_report)};
      for (std::size_t i = 0; i < dimension_field_count; ++i) verdict.text(row.dims.value[i], call->row.dims.value[i]);
      if (of_call) take_call(late.event, verdict, call->row);
      call->row.updated = std::max(call->row.updated, row.time);
      call->changed = true;
    }
    if (row.type == EventType::turn) take_turn(late.event);
    if (row.type == EventType::usage) take_usage(late.event, known->second.row.dims);
    if (row.type == EventType::call_intervened) take_intervention(late.event, known->second.row);
  }

  void take_call(const Event& event, Verdict verdict, CallRow& row) {
    // What a silence of 30 minutes concluded is no knowledge.
    if (row.end_reason == "idle" && event.type == EventType::call_ended) {
      row.end_reason.clear();
      if (row.call_outcome == "unknown") row.call_outcome.clear();
      row.ended.reset();
    }
    if (const Number at = event.number(Field::started_at); at && verdict.overwrite) row.start = from_micros(*at);
    verdict.text(word(event, Field::phone_number), row.phone_number);
    verdict.text(word(event, Field::caller_number), row.caller_number);
    verdict.text(word(event, Field::call_outcome), row.call_outcome);
    verdict.text(word(event, Field::resolution_status), row.resolution_status);
    verdict.text(word(event, Field::end_reason), row.end_reason);
    verdict.text(event.ext, row.ext);
    verdict.number(event.number(Field::total_duration_ms), row.duration_us);
    verdict.number(event.number(Field::audio_quality_score), row.audio_quality_e4);
    verdict.number(event.number(Field::conversation_quality_score), row.conversation_quality_e4);
    verdict.number(event.number(Field::stt_confidence_avg), row.stt_confidence_e4);
    verdict.number(event.number(Field::customer_satisfaction_score), row.satisfaction_e4);
    verdict.number(event.number(Field::nps), row.nps);
    verdict.number(event.number(Field::error_count), row.error_count);
    if (const Number flag = event.number(Field::escalated))
      row.escalated_flag = *flag != 0 || (row.escalated_flag && !verdict.overwrite);
    const CallSums& sums = calls_.at(row.call_id).before;
    report(event.number(Field::voice_processing_latency_ms), row.voice_latency_us, mean(sums.response, sums.response_n), verdict);
    report(event.number(Field::stt_latency_ms), row.stt_latency_us, mean(sums.stt, sums.stt_n), verdict);
    report(event.number(Field::llm_latency_ms), row.llm_latency_us, mean(sums.llm, sums.llm_n), verdict);
    report(event.number(Field::tts_latency_ms), row.tts_latency_us, mean(sums.tts, sums.tts_n), verdict);
    report(event.number(Field::tokens_consumed), row.tokens_consumed, tokens_of(sums), verdict);
    if (const Number cost = event.number(Field::cost_usd); cost && (verdict.overwrite || row.cost_source != CostSource::reported)) {
      row.cost_nano = cost;
      row.cost_source = CostSource::reported;
    }
    if (event.type == EventType::call_ended) end(event, row);
  }

  static void end(const Event& event, CallRow& row) {
    row.state = CallState::ended;
    if (!row.ended) row.ended = std::max(event.time, row.start);
  }

  // A reported value replaces a derived one whatever its age.
  static void report(const Number& value, Number& into, const Number& derived, Verdict verdict) {
    if (value && (verdict.overwrite || !into || into == derived)) into = value;
  }

  void take_turn(const Event& event) {
    const std::int64_t number = event.number(Field::turn_number).value_or(0);
    const TurnKey key{event.call, number};
    const auto [place, fresh] = turns_.try_emplace(key);
    TurnRow& row = place->second;
    if (fresh) {
      TurnState turn;
      turn.merge(event);
      row = turn.row(event.call);
    } else {
      merge_turn(event, row);
    }
    changed_turns_.insert(key);
  }

  // What follows from the words, where it did follow from them.
  static void follow_text(const Event& event, bool part, const std::string& before, TurnRow& row) {
    std::string entities;
    append_entities_json(before, entities);
    if (row.entities == entities) {
      row.entities.clear();
      append_entities_json(row.text_content, row.entities);
    }
    row.features.clear();
    row.topic_vector.clear(), row.topic_version.clear();  // made anew when it is looked for turns without one
    row.sealed = part ? std::move(row.sealed) + std::string(event.text(Field::text_sealed)) : std::string(event.text(Field::text_sealed));
    if (const auto facts = read_text_facts(event.text(Field::text_facts)); facts && !part)  // those of the other parts are not known here
      append_features_json(features_from(facts->counts), row.features);
  }

  static void merge_turn(const Event& event, TurnRow& row) {
    const Verdict texts{event.time >= row.updated}, figures{true};
    const std::string_view said = event.text(Field::text_content);
    const bool again = event.find(Field::text_order) && !row.text_content.empty();  // the order of what is there is not known any more
    const bool part = event.find(Field::turn_key) && !again && !said.empty() && !row.text_content.empty();  // one more, before or after the others
    const std::string before = row.text_content;
    if (part) row.text_content = texts.overwrite ? fmt::format("{} {}", row.text_content, said) : fmt::format("{} {}", said, row.text_content);
    else if (!again) texts.text(said, row.text_content);
    if (row.text_content != before) follow_text(event, part, before, row);
    texts.text(event.text(Field::state), row.state);
    texts.text(event.text(Field::intent), row.intent);
    texts.text(word(event, Field::emotion), row.emotion);
    texts.text(event.text(Field::entities), row.entities);
    texts.text(event.text(Field::tools), row.tools);
    texts.text(event.text(Field::text_embedding), row.embedding);
    texts.text(event.ext, row.ext);
    if (const Number at = event.number(Field::started_at); at && (texts.overwrite || !row.started)) row.started = from_micros(*at);
    if (const Number at = event.number(Field::ended_at); at && (texts.overwrite || !row.ended)) row.ended = from_micros(*at);
    texts.number(event.number(Field::endpointing_ms), row.endpointing_us);
    texts.number(event.number(Field::confidence_score), row.confidence_e4);
    figures.number(event.number(Field::response_time_ms), row.response_time_us);
    figures.number(event.number(Field::stt_latency_ms), row.stt_latency_us);
    figures.number(event.number(Field::llm_latency_ms), row.llm_latency_us);
    figures.number(event.number(Field::tts_latency_ms), row.tts_latency_us);
    if (const Number flag = event.number(Field::interrupted)) row.interrupted = *flag != 0;
    if (const Number flag = event.number(Field::backchannel)) row.backchannel = *flag != 0;
    if (const Number score = event.number(Field::sentiment_score)) {
      row.sentiment_e4 = score;
      row.sentiment_confidence_e4.reset();
    }
    row.time = std::max(row.time, event.time);
    row.updated = std::max(row.updated, event.time);
  }

  void take_usage(const Event& event, const Dimensions& dims) {
    std::vector<UsageRow>& all = usage_[event.call];
    if (std::ranges::find(all, event.id, &UsageRow::id) != all.end()) return;
    UsageRow row{.id = event.id, .call_id = event.call, .time = event.time, .model = std::string(event.text(Field::model)),
                 .input_tokens = event.number(Field::input_tokens), .cache_read_tokens = event.number(Field::cache_read_tokens),
                 .cache_write_tokens = event.number(Field::cache_write_tokens), .output_tokens = event.number(Field::output_tokens),
                 .reasoning_tokens = event.number(Field::reasoning_tokens), .audio_input_tokens = event.number(Field::audio_input_tokens),
                 .audio_output_tokens = event.number(Field::audio_output_tokens), .stt_us = event.number(Field::stt_seconds),
                 .tts_characters = event.number(Field::tts_characters), .telephony_us = event.number(Field::telephony_seconds),
                 .cost_nano = event.number(Field::cost_usd)};
    if (row.cost_nano) {
      row.cost_source = CostSource::reported;
    } else {
      row.cost_nano = prices_.cost_of(row, dims);
      if (row.cost_nano) row.cost_source = CostSource::priced;
    }
    out_.usage.push_back(row);
    all.push_back(std::move(row));
  }

  void take_intervention(const Event& event, CallRow& call) {
    out_.interventions.push_back({.id = event.id, .call_id = event.call, .time = event.time,
                                  .kind = std::string(word(event, Field::intervention_kind)),
                                  .actor = std::string(word(event, Field::actor))});
    ++call.interventions;
  }

  void keep_raw(const LateRow& row, const Event& event) {
    std::string data = "{\"call_id\":";
    append_json_text(data, to_string(row.call_id));
    for (const Value& value : event.values) {
      if (value.field == Field::call_id || value.field == Field::text_facts || value.field == Field::text_sealed) continue;
      data += ',';
      append_json_text(data, name_of(value.field));
      data += ':';
      const Kind kind = info(value.field).kind;
      if (is_number(kind)) data += fmt::format("{}", to_wire(value.field, value.number));
      else if (kind == Kind::json) data += value.text;
      else if (kind == Kind::vector) data += fmt::format("{}", value.text.size() / sizeof(float));  // its length
      else append_json_text(data, text_of(value));
    }
    data += '}';
    out_.raw.push_back({.id = row.id, .time = row.time, .customer = row.dims[Field::customer_id],
                        .type = std::string(to_string(row.type)), .source = "late", .id_text = "", .data = std::move(data)});
  }

  // Means and sums anew, where they were means and sums; then what follows from all of it.
  void derive(const Id& id, StoredCall& call) {
    CallRow& row = call.row;
    const CallSums sums = sums_of(id, row);
    const auto follow = [](Number& value, const Number& before, const Number& now) {
      if (value == before) value = now;
    };
    const CallSums& old = call.before;
    follow(row.voice_latency_us, mean(old.response, old.response_n), mean(sums.response, sums.response_n));
    follow(row.stt_latency_us, mean(old.stt, old.stt_n), mean(sums.stt, sums.stt_n));
    follow(row.llm_latency_us, mean(old.llm, old.llm_n), mean(sums.llm, sums.llm_n));
    follow(row.tts_latency_us, mean(old.tts, old.tts_n), mean(sums.tts, sums.tts_n));
    follow(row.tokens_consumed, tokens_of(old), tokens_of(sums));
    if (row.cost_source != CostSource::reported) {
      const bool priced = sums.usages > 0 && sums.unknown_costs == 0;
      row.cost_nano = priced ? Number(sums.cost_nano) : Number();
      row.cost_source = priced ? CostSource::priced : CostSource::unknown;
    }
    if (row.state == CallState::ended && row.end_reason != "idle") {
      if (row.duration_us) row.ended = row.start + Duration(*row.duration_us);
      else if (row.ended && *row.ended > row.start) row.duration_us = (*row.ended - row.start).count();
    }
    row.turns = sums.turns;
    CallFigures figures{.start = row.start, .ended = row.ended, .state = row.state, .call_outcome = row.call_outcome,
                        .resolution_status = row.resolution_status, .escalated_flag = row.escalated_flag,
                        .duration_us = row.duration_us, .voice_latency_us = row.voice_latency_us,
                        .audio_quality_e4 = row.audio_quality_e4, .conversation_quality_e4 = row.conversation_quality_e4,
                        .satisfaction_e4 = row.satisfaction_e4, .cost_nano = row.cost_nano, .error_count = row.error_count,
                        .turns = row.turns};
    for (auto at = turns_.lower_bound({id, 0}); at != turns_.end() && at->first.first == id; ++at) reach(row, at->second.time);
    for (const UsageRow& used : usage_[id]) reach(row, used.time);
    row.quality_e4 = quality_of(figures, sums.sentiment_e4, sums.sentiment_n);
    row.efficiency_e4 = efficiency_of(figures);
  }

  static void reach(CallRow& row, Instant part) {
    row.parts_first = std::min(row.parts_first, part);
    row.parts_last = std::max(row.parts_last, part);
  }

  CallSums sums_of(const Id& id, const CallRow& call) {
    CallSums sums;
    for (auto at = turns_.lower_bound({id, 0}); at != turns_.end() && at->first.first == id; ++at)
      sums.add(facts_of(at->second), at->second.agent_speaks, 1);
    for (const UsageRow& row : usage_[id]) {
      std::int64_t tokens = 0;
      for (const Number& kind : facts_of(row, false).tokens) tokens += kind.value_or(0);
      sums.add_usage(row.cost_nano, tokens, 1);
    }
    sums.interventions = call.interventions;
    return sums;
  }

  static Number mean(std::int64_t sum, std::int64_t count) {
    return count == 0 ? Number() : Number(mul_div_half_even(sum, 1, count));
  }
  static Number tokens_of(const CallSums& sums) { return sums.usages == 0 ? Number() : Number(sums.tokens); }

  RowBatch out_;
  const PriceBook& prices_;
  std::set<Id> in_batch_;
  std::map<Id, StoredCall> calls_;
  std::map<TurnKey, TurnRow> turns_;
  std::map<Id, std::vector<UsageRow>> usage_;
  std::set<TurnKey> changed_turns_;
};

}  // namespace

std::vector<Id> needs_of(const RowBatch& batch) {
  std::vector<Id> out;
  for (const LateRow& row : batch.late) out.push_back(row.call_id);
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

RowBatch with_late(const RowBatch& batch, RowBatch stored, const PriceBook& prices) {
  return Merger(batch, std::move(stored), prices).merge(batch.late);
}

}  // namespace aybiza
