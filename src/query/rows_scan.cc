#include "query/rows_scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "query/concurrency.h"
#include "query/learning.h"
#include "query/metric_scan.h"
#include "query/row_figures.h"
#include "query/turn_labels.h"

namespace aybiza {
namespace {

using Text = std::optional<std::string>;

void add_to(std::optional<std::int64_t>& sum, const Number& value) {
  if (value) sum = sum.value_or(0) + *value;
}

void push(Samples& samples, const Number& value) {
  if (value) samples.push_back(*value);
}

Text text_or_null(std::string_view value) { return value.empty() ? Text{} : Text(std::string(value)); }

class Scan {
 public:
  Scan(const Question& question, const RowSet& rows, Grid grid, Zone zone, Instant as_of)
      : question_(question), rows_(rows), grid_(std::move(grid)), zone_(std::move(zone)), as_of_(as_of) {
    for (const CallRow& call : rows.calls) call_of_.emplace(call.call_id, &call), sampled_ |= weight_of(&call) > 1;
  }

  Cells run() {
    bool moving = false, plain = false;
    for (const Measure& m : question_.measures) (m.moving ? moving : plain) = true;
    if (plain) fold(false);
    if (moving) fold(true);
    if (asks_occupancy(question_)) fold_occupancy();
    if (asks_learning(question_)) add_learning(question_, grid_, zone_, shared_rows(rows_.learning, rows_.changes), cells_);
    return std::move(cells_);
  }
  const Estimates& estimates() const { return estimates_; }

 private:
  // Values of one dimension for a call, a turn of it, or a moment; topics may be several.
  std::vector<Text> values(const Group& group, const CallRow* call, const TurnRow* turn, std::string_view model, Instant t) const {
    switch (group.dimension) {
      case Dimension::hour_of_day: return {fmt::format("{}", zone_.hour_of_day(t))};
      case Dimension::day_of_week: return {fmt::format("{}", zone_.day_of_week(t))};
      case Dimension::emotion: return {text_or_null(turn->emotion)};
      case Dimension::intent: return {text_or_null(turn->intent)};
      case Dimension::state: return {text_or_null(turn->state)};
      case Dimension::speaker: return {Text(turn->agent_speaks ? "agent" : "caller")};
      case Dimension::sentiment_class: return {text_or_null(sentiment_class_of(turn->sentiment_e4))};
      case Dimension::topic: {
        std::vector<Text> topics;
        for (const std::string_view topic : topics_of(turn->topics)) topics.emplace_back(std::string(topic));
        if (topics.empty()) topics.emplace_back();
        return topics;
      }
      case Dimension::model_used:
        if (!model.empty()) return {Text(std::string(model))};
        break;
      default: break;
    }
    if (call == nullptr) return {Text{}};
    const auto value = dimension_of(*call, group.dimension);
    return {value ? Text(std::string(*value)) : Text{}};
  }

  bool kept(const CallRow* call, const TurnRow* turn, std::string_view model, Instant t) const {
    for (const Filter& filter : question_.where) {
      const auto own = values(filter.group, call, turn, model, t);
      // Several topics: a filter keeps the turn when any of them is kept; a negated one only when all are.
      const auto keeps = [&](const Text& v) { return filter.keeps(v ? std::optional<std::string_view>(*v) : std::nullopt); };
      const bool kept = filter.negated ? std::all_of(own.begin(), own.end(), keeps) : std::any_of(own.begin(), own.end(), keeps);
      if (!kept) return false;
    }
    return true;
  }

  template <typename Absorb>
  void absorb(bool moving, Instant t, const CallRow* call, const TurnRow* turn, std::string_view model, Absorb&& into) {
    if (!kept(call, turn, model, t)) return;
    std::vector<std::vector<Text>> keys = {{}};
    for (const Group& group : question_.by) {
      std::vector<std::vector<Text>> longer;
      for (const auto& key : keys)
        for (const Text& value : values(group, call, turn, model, t)) {
          longer.push_back(key);
          longer.back().push_back(value);
        }
      keys = std::move(longer);
    }
    for (const std::size_t bucket : grid_.buckets_of(t, moving ? std::optional(question_.moving) : std::nullopt))
      for (const auto& key : keys) {
        RowSums& exact = exact_[CellKey{bucket, key}];
        for (std::int64_t i = 0; i < weight_of(call); ++i) into(exact);  // one that stands for ten calls is ten calls
        if (sampled_ && call != nullptr) into(of_calls_[CellKey{bucket, key}][call->call_id]);
      }
  }

  bool asks_entity(Entity entity, bool moving) const {
    return std::any_of(question_.measures.begin(), question_.measures.end(),
                       [&](const Measure& m) { return m.moving == moving && entity_of(m) == entity; });
  }

  static std::int64_t weight_of(const CallRow* call) { return call != nullptr ? call->sample_weight.value_or(1) : 1; }

  void fold(bool moving) {
    exact_.clear();
    of_calls_.clear();
    const bool cost = std::any_of(question_.measures.begin(), question_.measures.end(), [&](const Measure& m) {
      return m.moving == moving && m.what == What::cost_usd;
    });
    if (asks_entity(Entity::call, moving)) fold_calls(moving);
    if (cost) fold_reported_costs(moving);
    if (asks_entity(Entity::turn, moving)) fold_turns(moving);
    if (asks_entity(Entity::usage, moving)) fold_usage(moving);
    for (const auto& [key, exact] : exact_) {
      auto& cells = row(key);
      for (std::size_t i = 0; i < question_.measures.size(); ++i) {
        const Measure& m = question_.measures[i];
        if (m.moving != moving || m.what >= What::metric) continue;
        cells[i] = value_of(m, exact);
        if (sampled_) note_calls(i, key, exact);
      }
    }
    add_metrics(question_, grid_, zone_, rows_, moving, cells_, estimates_);
  }

  std::vector<Figure>& row(const CellKey& key) { return row_of(question_, cells_, key); }

  void fold_calls(bool moving) {
    for (const CallRow& call : rows_.calls)
      absorb(moving, call.start, &call, nullptr, {}, [&](RowSums& e) {
        ++e.calls;
        const bool outcome = !call.call_outcome.empty() && call.call_outcome != "unknown";
        const bool resolution = !call.resolution_status.empty() && call.resolution_status != "unknown";
        e.known_outcome += outcome;
        e.successful += call.call_outcome == "successful";
        e.known_resolution += resolution;
        e.resolved += call.resolution_status == "resolved";
        e.escalated += call.escalated();
        e.intervened += call.interventions > 0;
        e.errors += call.error_count.value_or(0);
        e.with_errors += call.error_count.value_or(0) > 0;
        push(e.satisfaction, call.satisfaction_e4);
        push(e.quality, call.quality_e4);
        push(e.efficiency, call.efficiency_e4);
        push(e.samples[std::size_t(Quantity::duration_ms)], call.duration_us);
        push(e.samples[std::size_t(Quantity::voice_latency_ms)], call.voice_latency_us);
        push(e.samples[std::size_t(Quantity::cost_usd)], call.cost_nano);
      });
  }

  void fold_reported_costs(bool moving) {
    for (const CallRow& call : rows_.calls)
      if (call.cost_source == CostSource::reported)
        absorb(moving, call.start, &call, nullptr, {}, [&](RowSums& e) { add_to(e.cost, call.cost_nano); });
  }

  const CallRow* call_of(const Id& id) const {
    const auto at = call_of_.find(id);
    return at == call_of_.end() ? nullptr : at->second;
  }

  void fold_turns(bool moving) {
    for (const TurnRow& turn : rows_.turns)
      absorb(moving, turn.time, call_of(turn.call_id), &turn, {}, [&](RowSums& e) {
        ++e.turns;
        e.interruptions += turn.interrupted.value_or(false);
        if (!turn.agent_speaks) {
          push(e.sentiment, turn.sentiment_e4);
          push(e.confidence, turn.sentiment_confidence_e4);
        }
        push(e.samples[std::size_t(Quantity::stt_latency_ms)], turn.stt_latency_us);
        push(e.samples[std::size_t(Quantity::llm_latency_ms)], turn.llm_latency_us);
        push(e.samples[std::size_t(Quantity::tts_latency_ms)], turn.tts_latency_us);
        push(e.samples[std::size_t(Quantity::response_time_ms)], turn.response_time_us);
      });
  }

  void fold_usage(bool moving) {
    for (const UsageRow& usage : rows_.usage) {
      const CallRow* call = call_of(usage.call_id);
      absorb(moving, usage.time, call, nullptr, usage.model, [&](RowSums& e) {
        ++e.usages;
        if (call == nullptr || call->cost_source != CostSource::reported) add_to(e.cost, usage.cost_nano);
        for (const Number& kind : {usage.input_tokens, usage.cache_read_tokens, usage.cache_write_tokens,
                                   usage.output_tokens, usage.reasoning_tokens, usage.audio_input_tokens,
                                   usage.audio_output_tokens})
          add_to(e.tokens, kind);
        add_to(e.input, usage.input_tokens);
        add_to(e.output, usage.output_tokens);
        add_to(e.cache_read, usage.cache_read_tokens);
      });
    }
  }

  // Horvitz and Thompson, each call as one draw.
  void note_calls(std::size_t column, const CellKey& key, const RowSums& all) {
    const Measure& m = question_.measures[column];
    if (m.what == What::active_calls || m.what == What::active_agents || m.what == What::utilization) return;
    const MeasureParts whole = parts_of(m, all);
    const double ratio = whole.count && *whole.count > 0 ? *whole.sum / *whole.count : 0;
    double variance = 0;
    bool touched = false;
    for (const auto& [id, exact] : of_calls_[key]) {
      const double weight = double(weight_of(call_of(id)));
      const Entity entity = entity_of(m);
      const bool part = entity == Entity::call ? exact.calls > 0 : entity == Entity::turn ? exact.turns > 0 : exact.usages > 0 || (m.what == What::cost_usd && exact.cost);
      touched |= weight > 1 && part;
      const MeasureParts one = parts_of(m, exact);
      const double off = one.sum.value_or(0) - ratio * one.count.value_or(0);
      variance += weight * (weight - 1) * off * off;
    }
    if (!touched) return;
    const bool known = whole.sum && (!whole.count || *whole.count > 0);
    estimates_.note(question_, key, column, known ? std::optional(std::sqrt(variance) / whole.count.value_or(1)) : std::nullopt);
  }

  void fold_occupancy() {
    std::map<GroupKey, GroupCalls> groups;
    for (const CallRow& call : rows_.calls) {
      const Instant end = call.state == CallState::ended ? call.ended.value_or(call.updated) : as_of_;
      if (call.start >= grid_.to() || std::max(end, call.start + Duration(1)) <= grid_.from()) continue;
      if (!kept(&call, nullptr, {}, call.start)) continue;
      GroupKey key;
      for (const Group& group : question_.by) key.push_back(values(group, &call, nullptr, {}, call.start)[0]);
      groups[key].intervals.push_back({call.start, end, call.agent_id, weight_of(&call)});
    }
    std::vector<AgentStatusRow> sorted = rows_.agent_status;
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.time < b.time; });
    std::vector<StatusChange> statuses;
    for (const AgentStatusRow& s : sorted)
      statuses.push_back({s.agent_id, s.time, s.status == "offline", s.capacity.value_or(1)});
    add_occupancy(question_, grid_, std::move(groups), statuses, cells_, estimates_);
  }

  const Question& question_;
  const RowSet& rows_;
  Grid grid_;
  Zone zone_;
  Instant as_of_;
  std::unordered_map<Id, const CallRow*, IdHash> call_of_;
  std::map<CellKey, RowSums> exact_;
  bool sampled_ = false;                              // some call stands for several
  std::map<CellKey, std::map<Id, RowSums>> of_calls_;  // then: what each call adds, once
  Cells cells_;
  Estimates estimates_;
};

}  // namespace

std::optional<std::string_view> dimension_of(const Dimensions& dims, Dimension dimension) {
  static constexpr std::pair<Dimension, Field> of_dims[] = {
      {Dimension::customer_id, Field::customer_id}, {Dimension::agent_id, Field::agent_id},
      {Dimension::agent_type, Field::agent_type}, {Dimension::agent_version, Field::agent_version},
      {Dimension::region, Field::region}, {Dimension::model_used, Field::model_used},
      {Dimension::campaign, Field::campaign}, {Dimension::language, Field::language},
      {Dimension::direction, Field::direction}, {Dimension::channel, Field::channel},
      {Dimension::provider_stt, Field::provider_stt}, {Dimension::provider_llm, Field::provider_llm},
      {Dimension::provider_tts, Field::provider_tts}, {Dimension::carrier, Field::carrier},
      {Dimension::experiment, Field::experiment}, {Dimension::variant, Field::variant}};
  const auto known = [](const std::string& text) { return text.empty() ? std::optional<std::string_view>() : text; };
  for (const auto& [word, field] : of_dims)
    if (word == dimension) return known(dims[field]);
  return std::nullopt;
}

std::optional<std::string_view> dimension_of(const CallRow& call, Dimension dimension) {
  const auto known = [](const std::string& text) { return text.empty() ? std::optional<std::string_view>() : text; };
  if (dimension == Dimension::call_outcome) return known(call.call_outcome);
  if (dimension == Dimension::resolution_status) return known(call.resolution_status);
  if (dimension == Dimension::end_reason) return known(call.end_reason);
  return dimension_of(call.dims, dimension);
}

Answered<Answer> answer_from_rows(const Question& question, const RowSet& rows, Instant as_of, std::string source) {
  auto zone = Zone::load(question.zone);
  if (!zone) return std::unexpected(Refusal{"unknown_zone", "tz", "unknown time zone " + question.zone});
  auto grid = Grid::of(question, *zone);
  if (!grid) return std::unexpected(grid.error());
  Scan scan(question, rows, *grid, *zone, as_of);
  Cells cells = scan.run();
  return finish(question, *grid, std::move(cells), as_of, std::move(source), scan.estimates());
}

}  // namespace aybiza
