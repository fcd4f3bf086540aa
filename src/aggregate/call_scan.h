// Adds what single calls contribute to the cells of a question: calls that ended where panes cannot answer, and calls in
// flight, which are in no pane.
//
// Shape    record() looks at a call's parts; in_flight() and whole() take what FlightTotals know of one or of a minute of them.
// Cost     a call in flight by its labels some 20 ns; by its record what memory takes; one that is looked into, its parts.
// Threads  none: of one question, on its shard's thread.
// Source   decisions.md 20-22.
#pragma once

#include <algorithm>
#include <span>
#include <unordered_map>

#include "aggregate/live_values.h"
#include "aggregate/pane_cut.h"

namespace aybiza {

class CallScan {
 public:
  CallScan(const Shard::State& state, const LiveQuestion& question, LivePartial& out)
      : state_(state), question_(question), parts_(question.parts()), out_(out), group_(question.by.size()) {
    for (std::size_t i = 0; i + 1 < question.edges.size(); ++i)
      if (question.edges[i] < question.edges[i + 1]) whole_.push_back({question.edges[i], question.edges[i + 1], i});
    summed_ = !(question.turns && question.turn_detail) && !(question.usage && question.usage_detail);
    for (const Dimension d : question.by) turn_groups_ |= of_turn(d);
    for (const LiveFilter& f : question.where) turn_filters_ |= of_turn(f.dimension);
    for (const Dimension d : question.by) by_model_ |= d == Dimension::model_used;
    for (const LiveFilter& f : question.where) by_model_ |= f.dimension == Dimension::model_used;
    summed_ = summed_ && !turn_groups_ && !turn_filters_ && !(by_model_ && question.usage);
    if (question.by.size() == 1 && !turn_groups_ && !turn_filters_ && !(by_model_ && question.usage))
      if (const auto axis = axis_of(question.by[0]); axis && std::size_t(*axis) < shared_axes) by_label_ = axis;
  }

  // Whether FlightTotals have all that is asked of calls in flight: of all of them together, or of each.
  bool of_all_in_flight() const { return summed_ && question_.by.empty() && question_.where.empty() && !question_.extremes; }
  bool of_labels() const {
    return summed_ && (question_.by.empty() || by_label_) && std::ranges::all_of(question_.where, [](const LiveFilter& filter) {
      const auto axis = axis_of(filter.dimension);
      return axis && std::size_t(*axis) < call_axes;
    });
  }
  // One of them. False: it reaches beyond what is asked, look at its parts.
  bool in_flight(std::size_t place) {
    const FlightTotals::Call& call = state_.flight.call(place);
    if (state_.flight.aside(place) || !met_labels(call.labels)) return false;
    if (!keeps(call.labels)) return true;
    set_label(call.labels);
    if (!meets(call.low, call.high)) return true;
    const PaneCut::Range* range = range_of(whole_, call.low);
    if (!range || call.high >= range->to) return false;
    if (state_.flight.gives(place, parts_)) state_.flight.add(place, parts_, cell(range->bucket));
    return true;
  }
  // REQUIRES: of_labels(), met_labels().
  bool keeps(const std::array<Label, call_axes>& labels) {
    for (std::size_t i = 0; i < question_.where.size(); ++i) {
      const Axis axis = *axis_of(question_.where[i].dimension);
      const Label label = label_of(labels, axis);
      auto [known, fresh] = kept_.try_emplace({i, label}, false);
      if (fresh) known->second = question_.where[i].keeps(label == null_label ? LiveValue{} : LiveValue(state_.labels.text(label)));
      if (!known->second) return false;
    }
    return true;
  }
  // Whether its values of what is filtered by have labels; an outcome that no series has met has none yet.
  bool met_labels(const std::array<Label, call_axes>& labels) const {
    return std::ranges::none_of(question_.where, [&](const LiveFilter& filter) { return labels[std::size_t(*axis_of(filter.dimension))] == unmet_label; });
  }
  // Where what began in a minute goes whole, as long as it ends before the range does; null: some of it may be before the question.
  const PaneCut::Range* range_at(Instant minute) const { return range_of(whole_, minute); }
  bool meets(Instant low, Instant high) const { return !whole_.empty() && low < whole_.back().to && high >= whole_.front().from; }
  void whole(const PaneCut::Range& range, const Tally& all) {
    const bool any = (parts_.calls && all.calls) || (parts_.turns && all.turns) || (parts_.usage && all.usage);
    if (any) cell(range.bucket).merge(all, parts_);
  }

  void record(const CallRecord& record, const std::vector<PaneCut::Range>& rest, bool in_flight) {
    if (!group_.empty() && !by_label_) cached_ = nullptr;
    customer_ = record.customer();
    const bool kept = keeps(record, {});
    set_group(record, {});
    if (kept && !turn_groups_ && !turn_filters_) calls(record, rest, in_flight);
    const std::vector<PaneCut::Range>& ranges = in_flight ? whole_ : rest;
    if (ranges.empty() || record.high < ranges.front().from || record.low >= ranges.back().to) return;
    if (in_flight && summed_ && record.call.weight() == 1) {
      const PaneCut::Range* range = range_of(ranges, record.low);
      if (range && record.high < range->to) return kept ? sums(record, range->bucket) : void();
    }
    if (!record.is_packed) {
      sampled_ = record.sampled(record.call.weight(), record.call.reports_cost());
      return parts(record, record.turns, record.usage, ranges, kept);
    }
    CallRecord room;  // figures of a packed call, for as long as this takes
    const CallRecord& open = record.opened(room);
    sampled_ = open.sampled(record.call.weight(), record.call.reports_cost());
    parts(record, open.turns, open.usage, ranges, kept);
  }

  // What record() and set_group() are going to read of a call in flight.
  void fetch(const CallRecord& record) const {
    const auto lines = [](const void* from, const void* to) {
      for (auto at = static_cast<const char*>(from); at < static_cast<const char*>(to); at += 64) __builtin_prefetch(at);
    };
    lines(&record.id - 8, &record.high + 1);
    lines(&record.labels, &record.labels + 1);
    if (question_.calls) lines(&record.pane_facts, &record.pane_facts + 1);
  }

  bool keeps(const CallRecord& record, const LiveValue& model) const {
    return std::all_of(question_.where.begin(), question_.where.end(), [&](const LiveFilter& filter) {
      if (of_turn(filter.dimension)) return true;  // asked per turn
      return filter.keeps(filter.dimension == Dimension::model_used && model ? model : value_of_call(record, filter.dimension));
    });
  }
  // REQUIRES: set_group() or set_label() before.
  const LiveGroup& group() {
    if (std::exchange(group_waits_, false)) group_[0] = label_ == null_label ? std::nullopt : std::optional(std::string(state_.labels.text(label_)));
    return group_;
  }
  void set_group(const CallRecord& record, const LiveValue& model) {
    if (by_label_) set_label(record.labels);
    else name_group(record, model);
  }
  // Most calls have a value that was met before: its text is not looked at again.
  void set_label(std::span<const Label> labels) {
    if (!by_label_) return;
    const Label label = label_of(labels, *by_label_);
    if (label == std::exchange(label_, label)) return;
    cached_ = nullptr;
    group_waits_ = true;
  }

 private:
  void name_group(const CallRecord& record, const LiveValue& model) {
    for (std::size_t i = 0; i < group_.size(); ++i) {
      const Dimension d = question_.by[i];
      if (of_turn(d)) continue;
      const LiveValue value = d == Dimension::model_used && model ? model : value_of_call(record, d);
      group_[i] = value ? std::optional(std::string(*value)) : std::nullopt;
    }
  }
  // As the series say it: a value that has none of its own is "__other__".
  LiveValue value_of_call(const CallRecord& record, Dimension d) const {
    const LiveValue value = call_value(record, d);
    const auto axis = axis_of(d);
    if (!value || !axis || d == Dimension::customer_id) return value;
    return state_.series.folds(record.customer(), *axis, state_.labels.find(*value)) ? LiveValue(other_text) : value;
  }

  Label label_of(std::span<const Label> labels, Axis axis) const {
    const Label own = labels[std::size_t(axis)];
    if (own == null_label || axis == Axis::customer) return own;
    return state_.series.folds(labels[std::size_t(Axis::customer)], axis, own) ? other_label : own;
  }

  Tally& cell(std::size_t bucket) {
    if (cached_ && cached_bucket_ == bucket) return *cached_;
    cached_bucket_ = bucket;
    if (!by_label_) return *(cached_ = &out_.cells[LiveKey{bucket, group_}]);
    Tally*& met = met_[{bucket, label_}];
    if (!met) met = &out_.cells[LiveKey{bucket, group()}];
    return *(cached_ = met);
  }

  void calls(const CallRecord& record, const std::vector<PaneCut::Range>& rest, bool in_flight) {
    if (!question_.calls && !question_.usage) return;
    const Instant start = in_flight ? record.call.start() : record.pane_start;
    std::size_t bucket = 0;
    if (in_flight) {  // in no pane: counted here wherever it started
      const auto at = std::upper_bound(question_.edges.begin(), question_.edges.end(), start);
      if (at == question_.edges.begin() || at == question_.edges.end()) return;
      bucket = std::size_t(at - question_.edges.begin()) - 1;
    } else {
      const PaneCut::Range* range = range_of(rest, start);
      if (!range) return;
      bucket = range->bucket;
    }
    const CallFacts& facts = record.pane_facts;
    if (question_.calls) cell(bucket).add(facts, parts_);
    if (question_.usage && facts.reported_cost_nano) cell(bucket).add_reported_cost(*facts.reported_cost_nano, facts.weight);
  }

  // All its turns and usage, of which less is asked than their sums say.
  void sums(const CallRecord& record, std::size_t bucket) {
    const CallSums& sums = record.sums;
    if (question_.turns && sums.turns > 0) {
      auto& into = cell(bucket).turns;
      if (!into) into = std::make_unique<TurnTally>();
      into->turns += sums.turns;
      into->sentiment.count += sums.sentiment_n;
      into->sentiment.sum += sums.sentiment_e4;
    }
    if (!question_.usage || sums.usages == 0) return;
    auto& into = cell(bucket).usage;
    if (!into) into = std::make_unique<UsageTally>();
    into->usages += sums.usages;
    if (record.call.reports_cost()) return;
    into->unknown_costs += sums.unknown_costs;
    into->cost.count += sums.usages - sums.unknown_costs;
    into->cost.sum += sums.cost_nano;
  }

  void parts(const CallRecord& record, const std::vector<LiveTurn>& turns, const std::vector<LiveUsage>& usage,
             const std::vector<PaneCut::Range>& rest, bool kept) {
    if (question_.turns && kept)
      for (const LiveTurn& turn : turns)
        if (const PaneCut::Range* range = range_of(rest, turn.state.time())) add_turn(turn, range->bucket);
    if (!question_.usage || turn_groups_ || turn_filters_) return;
    const bool reports = record.call.reports_cost();
    for (const LiveUsage& use : usage) {
      const PaneCut::Range* range = range_of(rest, use.time);
      if (!range) continue;
      if (by_model_ && use.model != null_label) {
        const Label label = state_.series.folds(record.customer(), Axis::model_used, use.model) ? other_label : use.model;
        const LiveValue model = state_.labels.text(label);
        if (!keeps(record, model)) continue;
        set_group(record, model);
        cached_ = nullptr;
        add(cell(range->bucket), use.facts(reports));
        set_group(record, {});
        cached_ = nullptr;
      } else if (kept) {
        add(cell(range->bucket), use.facts(reports));
      }
    }
  }

  void add(Tally& into, const TurnFacts& facts) const { sampled_ ? into.add(facts, *sampled_) : into.add(facts, parts_); }
  void add(Tally& into, const UsageFacts& facts) const { sampled_ ? into.add(facts, *sampled_) : into.add(facts); }

  // Every combination of the turn's values of the question's turn dimensions; topics may be several.
  void add_turn(const LiveTurn& turn, std::size_t bucket) {
    if (!turn_groups_ && !turn_filters_) {
      add(cell(bucket), turn.state.facts());
      return;
    }
    for (const LiveFilter& filter : question_.where)
      if (of_turn(filter.dimension) && !keeps_turn(filter, turn)) return;
    cached_ = nullptr;
    add_turn_groups(turn, bucket, 0);
    cached_ = nullptr;
  }
  void add_turn_groups(const LiveTurn& turn, std::size_t bucket, std::size_t place) {
    if (place == group_.size()) {
      add(out_.cells[LiveKey{bucket, group_}], turn.state.facts());
      return;
    }
    if (!of_turn(question_.by[place])) return add_turn_groups(turn, bucket, place + 1);
    each_value(turn, *axis_of(question_.by[place]), [&](const LiveValue& value) {
      group_[place] = value ? std::optional(std::string(*value)) : std::nullopt;
      add_turn_groups(turn, bucket, place + 1);
    });
  }
  template <typename Visit>
  void each_value(const LiveTurn& turn, Axis wanted, Visit&& visit) const {
    state_.each_turn_axis(turn, [&](Axis axis, Label label) {
      if (axis != wanted) return;
      if (label == null_label) return visit(LiveValue{});
      visit(LiveValue(state_.series.folds(customer_, axis, label) ? other_text : state_.labels.text(label)));
    });
  }
  // Several topics: a filter keeps the turn when any of them is kept, a negated one only when all are.
  bool keeps_turn(const LiveFilter& filter, const LiveTurn& turn) const {
    bool any = false, all = true;
    each_value(turn, *axis_of(filter.dimension), [&](const LiveValue& value) {
      const bool kept = filter.keeps(value);
      any |= kept;
      all &= kept;
    });
    return filter.negated ? all : any;
  }

  const Shard::State& state_;
  const LiveQuestion& question_;
  const TallyParts parts_;
  LivePartial& out_;
  std::vector<PaneCut::Range> whole_;  // for calls in flight, which are in no pane
  LiveGroup group_;
  Label customer_ = null_label;
  bool turn_groups_ = false, turn_filters_ = false, by_model_ = false;
  bool summed_ = false;            // calls in flight are added by their sums
  std::optional<Axis> by_label_;   // the one dimension that is grouped by, where calls know their label on it
  Label label_ = unmet_label;      // the group at hand, by label
  bool group_waits_ = false;       // group_ is not yet that of label_
  struct Met {
    std::size_t bucket;            // or filter
    Label label;
    friend bool operator==(const Met&, const Met&) = default;
  };
  struct MetHash { std::size_t operator()(const Met& met) const { return (met.bucket + 1) * 0x9E3779B97F4A7C15u + met.label; } };
  std::unordered_map<Met, Tally*, MetHash> met_;
  std::unordered_map<Met, bool, MetHash> kept_;
  Tally* cached_ = nullptr;
  std::size_t cached_bucket_ = 0;
  std::optional<SampledCall> sampled_;  // of the record at hand
};

}  // namespace aybiza
