// Answering: whole panes where a question fits them, retained calls for the rest.
#include <algorithm>
#include <unordered_map>

#include "aggregate/live_values.h"
#include "aggregate/pane_cut.h"
#include "base/check.h"

namespace aybiza {
namespace {

// Adds contributions of retained calls to cells.
class Scan {
 public:
  Scan(const Shard::State& state, const LiveQuestion& question, LivePartial& out)
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

  // Whether calls in flight are asked for as a whole, and FlightTotals have all that is asked of them.
  bool of_all_in_flight() const { return summed_ && question_.by.empty() && question_.where.empty() && !question_.extremes; }
  // Where what began in a minute goes whole, as long as it ends before the range does; null: some of it may be before the question.
  const PaneCut::Range* range_at(Instant minute) const { return range_of(whole_, minute); }
  bool meets(Instant low, Instant high) const { return !whole_.empty() && low < whole_.back().to && high >= whole_.front().from; }
  void whole(const PaneCut::Range& range, const Tally& all) {
    if (!all.empty()) cell(range.bucket).merge(all, parts_);
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
  // REQUIRES: set_group() of the same record.
  const LiveGroup& group() {
    if (std::exchange(group_waits_, false)) name_group(*grouped_, {});
    return group_;
  }
  void set_group(const CallRecord& record, const LiveValue& model) {
    if (!by_label_) return name_group(record, model);
    // Most calls have a value that was met before: its text is not looked at again.
    grouped_ = &record;
    group_waits_ = true;
    const Label label = label_of(record);
    if (label != std::exchange(label_, label) || label == other_label) cached_ = nullptr;
  }
  void name_group(const CallRecord& record, const LiveValue& model) {
    for (std::size_t i = 0; i < group_.size(); ++i) {
      const Dimension d = question_.by[i];
      if (of_turn(d)) continue;
      const LiveValue value = d == Dimension::model_used && model ? model : value_of_call(record, d);
      group_[i] = value ? std::optional(std::string(*value)) : std::nullopt;
    }
  }

 private:
  // As the series say it: a value that has none of its own is "__other__".
  LiveValue value_of_call(const CallRecord& record, Dimension d) const {
    const LiveValue value = call_value(record, d);
    const auto axis = axis_of(d);
    if (!value || !axis || d == Dimension::customer_id) return value;
    return state_.series.folds(record.customer(), *axis, state_.labels.find(*value)) ? LiveValue(other_text) : value;
  }

  // Only of by_label_.
  Label label_of(const CallRecord& record) const {
    const Label own = record.labels[std::size_t(*by_label_)];
    if (own == null_label || *by_label_ == Axis::customer) return own;
    return state_.series.folds(record.customer(), *by_label_, own) ? other_label : own;
  }

  Tally& cell(std::size_t bucket) {
    if (cached_ && cached_bucket_ == bucket) return *cached_;
    cached_bucket_ = bucket;
    if (!by_label_ || label_ == other_label) return *(cached_ = &out_.cells[LiveKey{bucket, group()}]);
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
  const CallRecord* grouped_ = nullptr;
  bool group_waits_ = false;       // group_ is not yet that of grouped_
  struct Met {
    std::size_t bucket;
    Label label;
    friend bool operator==(const Met&, const Met&) = default;
  };
  struct MetHash { std::size_t operator()(const Met& met) const { return met.bucket * 0x9E3779B97F4A7C15u + met.label; } };
  std::unordered_map<Met, Tally*, MetHash> met_;
  Tally* cached_ = nullptr;
  std::size_t cached_bucket_ = 0;
  std::optional<SampledCall> sampled_;  // of the record at hand
};

std::string since_text(Instant since) {
  return since == Instant::min() ? std::string("the beginning") : format_rfc3339(since);
}

}  // namespace

Coverage Shard::State::covers(const LiveQuestion& question, Instant) const {
  Coverage coverage{.covered = true, .exact_since = exact_since, .text = {}};
  const auto refuse = [&](std::string text) {
    coverage.covered = false;
    if (coverage.text.empty()) coverage.text = std::move(text);
  };
  for (const Dimension d : question.by)
    if (!known_live(d)) refuse(fmt::format("live state has no {}", to_string(d)));
  for (const LiveFilter& f : question.where)
    if (!known_live(f.dimension)) refuse(fmt::format("live state has no {}", to_string(f.dimension)));
  if (question.edges.size() < 2) return coverage;
  const PaneCut parts = cut_to_panes(question, floors, newest);
  const Instant calls_from = std::max(calls_since, exact_since);
  if (!parts.rest.empty() && parts.rest.front().from < calls_from)
    refuse(fmt::format("live state holds single calls since {}, and panes for ranges aligned to them (seconds of 15 minutes, "
                       "minutes of 24 hours, hours of 8 days; agents: minutes of 30 minutes, hours of 8 hours)",
                       since_text(calls_from)));
  if (!parts.panes.empty() && parts.panes.front().from < exact_since)
    refuse(fmt::format("live state is complete since {}", since_text(exact_since)));
  if (question.intervals && question.edges.front() < calls_from)
    refuse(fmt::format("live state holds single calls since {}", since_text(calls_from)));
  return coverage;
}

// Brings pane_facts and totals of the calls in flight up to what has changed since the last look.
void Shard::State::sync_flight() const {
  for (const Slot slot : flight_changed) {
    CallRecord* record = slot < calls.size() ? calls[slot].get() : nullptr;
    if (!record || record->flight_place == UINT32_MAX || std::exchange(record->flight_facts, true)) continue;  // gone, or listed twice
    record->pane_facts = record->call.facts(record->sums);
    const AssembledCall& call = record->call;
    flight.set(record->flight_place, {record->id, call.agent(), call.start(), record->low, record->high, call.weight()}, record->pane_facts, record->sums, call.reports_cost());
  }
  flight_changed.clear();
}

LivePartial Shard::State::ask(const LiveQuestion& question, Instant now) const {
  LivePartial out;
  const PaneCut parts = question.edges.size() < 2 ? PaneCut{} : cut_to_panes(question, floors, newest);
  // Panes.
  const auto customer_kept = [&](Label customer) {
    return std::all_of(question.where.begin(), question.where.end(), [&](const LiveFilter& filter) {
      return filter.dimension != Dimension::customer_id || filter.keeps(labels.text(customer));
    });
  };
  const auto value_kept = [&](const Series& one) {
    const LiveValue value = one.value == null_label ? LiveValue{} : LiveValue(labels.text(one.value));
    return std::all_of(question.where.begin(), question.where.end(), [&](const LiveFilter& filter) {
      return filter.dimension == Dimension::customer_id || filter.keeps(value);
    });
  };
  if (!parts.panes.empty()) {
    for (const std::uint32_t id : series.on(parts.axis)) {
      const Series& one = series[id];
      if (parts.axis != Axis::total && !customer_kept(one.customer)) continue;
      if (parts.axis > Axis::customer && !value_kept(one)) continue;
      LiveGroup group(question.by.size());
      for (std::size_t i = 0; i < group.size(); ++i) {
        const Label label = question.by[i] == Dimension::customer_id ? one.customer : one.value;
        if (label != null_label) group[i] = std::string(labels.text(label));
      }
      for (const PaneCut::Range& range : parts.panes) {
        Tally tally;
        series.merge_range(id, range.from, range.to, tally, question.parts());
        if (!tally.empty()) out.cells[LiveKey{range.bucket, group}].merge(tally);
      }
    }
  }
  // Retained calls: what panes cannot answer; those in flight whole, because they are in no pane.
  Scan scan(*this, question, out);
  const bool intervals = question.intervals && question.edges.size() >= 2;
  const auto interval = [&](const Id& call, const Id& agent, Instant start, std::optional<Instant> over, std::int64_t weight, auto&& group) {
    const Instant end = over.value_or(std::max(now, start));
    if (start < question.edges.back() && std::max(end, start + Duration(1)) > question.edges.front()) out.intervals.push_back({call, agent, start, end, group(), weight});
  };
  const auto visit = [&](const CallRecord& record, bool flying, bool near) {
    if (flying || near) scan.record(record, parts.rest, flying);
    if ((!flying && !intervals) || !scan.keeps(record, {})) return;
    out.calls_in_flight += flying ? record.call.weight() : 0;
    if (!intervals) return;
    interval(record.id, record.call.agent(), record.call.start(), record.call.ended_at(), record.call.weight(), [&] {
      scan.set_group(record, {});
      return scan.group();
    });
  };
  sync_flight();
  if (intervals) out.intervals.reserve(in_flight.size());
  if (scan.of_all_in_flight()) {
    // Some calls reach beyond what is asked, because they have gone on since `now`: these alone are looked at one by one.
    struct Reaching {
      Instant minute{};
      const PaneCut::Range* range = nullptr;  // null: look at all of them
      Tally others;
    };
    std::vector<Reaching> reaching;
    for (const auto& [minute, all] : flight.cells()) {
      if (!scan.meets(minute, all.high)) continue;
      const PaneCut::Range* range = scan.range_at(minute);
      if (range && all.high < range->to) scan.whole(*range, all.tally);
      else reaching.push_back({minute, range, range ? all.tally : Tally()});
    }
    for (std::size_t i = 0; i < in_flight.size() && (!reaching.empty() || flight.aside() > 0); ++i) {
      if (!flight.aside(i)) {
        const auto cell = std::ranges::find(reaching, flight.minute(i), &Reaching::minute);
        if (cell == reaching.end() || (cell->range && flight.call(i).high < cell->range->to)) continue;
        if (cell->range) flight.take_out(i, cell->others);
      }
      scan.record(*calls[in_flight[i]], parts.rest, true);
    }
    for (const Reaching& cell : reaching)
      if (cell.range) scan.whole(*cell.range, cell.others);
    out.calls_in_flight = flight.calls();
    for (std::size_t i = 0; i < in_flight.size() && intervals; ++i)
      interval(flight.call(i).id, flight.call(i).agent, flight.call(i).start, {}, flight.call(i).weight, [] { return LiveGroup(); });
  } else {
    // Thousands of records nobody has touched lately: fetched some steps ahead, which is three quarters of what a look costs.
    constexpr std::size_t far = 24, near_by = 12;
    for (std::size_t i = 0; i < in_flight.size(); ++i) {
      if (i + far < in_flight.size()) __builtin_prefetch(&calls[in_flight[i + far]]);
      if (i + near_by < in_flight.size()) scan.fetch(*calls[in_flight[i + near_by]]);
      visit(*calls[in_flight[i]], true, false);
    }
  }
  std::optional<CallRecord> room;
  // Of the ended ones only those are touched that reach into what is asked.
  std::vector<Extents::Range> wanted;
  if (parts.rest.size() <= 4)
    for (const PaneCut::Range& range : parts.rest) wanted.push_back({range.from, range.to});
  else wanted.push_back({parts.rest.front().from, parts.rest.back().to});
  const std::size_t rests = wanted.size();
  if (intervals) wanted.push_back({question.edges.front(), question.edges.back()});
  if (wanted.empty()) return out;
  extents.each(wanted, [&](std::size_t slot) {
    if (!held(Slot(slot))) return;
    const bool near = std::any_of(wanted.begin(), wanted.begin() + std::ptrdiff_t(rests), [&](const auto& range) { return extents[slot].meets(range.from, range.to); });
    if (const CallRecord& record = look(Slot(slot), room); record.counted) visit(record, false, near);
  });
  return out;
}

}  // namespace aybiza
