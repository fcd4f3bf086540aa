// Answering: whole panes where a question fits them, retained calls for the rest.
#include <algorithm>

#include "aggregate/live_values.h"
#include "base/check.h"

namespace aybiza {

bool known_live(Dimension dimension) {
  return dimension != Dimension::hour_of_day && dimension != Dimension::day_of_week && dimension != Dimension::tag;
}

LiveValue call_value(const CallRecord& record, Dimension dimension) {
  const auto text = [](std::string_view value) { return value.empty() ? LiveValue{} : LiveValue(value); };
  const AssembledCall& call = record.call;
  switch (dimension) {
    case Dimension::customer_id: return text(call.customer());
    case Dimension::agent_id: return text(call.dimension(Field::agent_id));
    case Dimension::agent_type: return text(call.dimension(Field::agent_type));
    case Dimension::agent_version: return text(call.dimension(Field::agent_version));
    case Dimension::region: return text(call.dimension(Field::region));
    case Dimension::model_used: return text(call.dimension(Field::model_used));
    case Dimension::campaign: return text(call.dimension(Field::campaign));
    case Dimension::language: return text(call.dimension(Field::language));
    case Dimension::direction: return text(call.dimension(Field::direction));
    case Dimension::channel: return text(call.dimension(Field::channel));
    case Dimension::provider_stt: return text(call.dimension(Field::provider_stt));
    case Dimension::provider_llm: return text(call.dimension(Field::provider_llm));
    case Dimension::provider_tts: return text(call.dimension(Field::provider_tts));
    case Dimension::carrier: return text(call.dimension(Field::carrier));
    case Dimension::experiment: return text(call.dimension(Field::experiment));
    case Dimension::variant: return text(call.dimension(Field::variant));
    case Dimension::call_outcome: return text(call.call_outcome());
    case Dimension::resolution_status: return text(call.text(Field::resolution_status));
    case Dimension::end_reason: return text(call.end_reason());
    default: return {};
  }
}

namespace {

// How a question is cut: what panes answer, what is left to the retained calls.
struct Cut {
  struct Range { Instant from{}, to{}; std::size_t bucket = 0; };
  std::vector<Range> panes, rest;  // ascending
  Axis axis = Axis::total;         // of the panes; meaningless when there are none
};

struct Fit {  // whether panes can answer at all, and on which axis
  bool panes = false;
  Axis axis = Axis::total;
};

Fit fit_of(const LiveQuestion& question) {
  std::optional<Dimension> one;  // beside customer_id
  bool customers = false;
  const auto use = [&](Dimension dimension) {
    if (dimension == Dimension::customer_id) return customers = true;
    if (one && *one != dimension) return false;
    one = dimension;
    return true;
  };
  for (const Dimension dimension : question.by)
    if (!use(dimension)) return {};
  for (const LiveFilter& filter : question.where)
    if (!use(filter.dimension)) return {};
  if (!one) return {true, customers ? Axis::customer : Axis::total};
  const auto axis = axis_of(*one);
  if (!axis) return {};
  const bool calls_only = *axis >= Axis::call_outcome && *axis <= Axis::end_reason;
  if (calls_only && (question.turns || question.usage)) return {};
  if (of_turn(*axis) && (question.calls || question.usage)) return {};
  // Several topics of a turn: a negated filter looks at all of them at once, series do not.
  if (*axis == Axis::topic && !question.where.empty())
    for (const LiveFilter& filter : question.where)
      if (filter.dimension == Dimension::topic) return {};
  return {true, *axis};
}

Instant ceil_to(Instant t, Duration step) {
  const Instant low = floor_to(t, step);
  return low == t ? t : low + step;
}

// The first instant at or after t where a pane of these rings begins.
Instant align_up(Instant t, const Floors& floors) {
  using namespace std::chrono_literals;
  if (t < floors.hour) t = floors.hour;
  if (t < floors.minute) return std::min(ceil_to(t, 1h), floors.minute);
  if (t < floors.second) return ceil_to(t, 1min);
  return ceil_to(t, 1s);
}
Instant align_down(Instant t, const Floors& floors) {
  using namespace std::chrono_literals;
  if (t <= floors.minute) return floor_to(t, 1h);
  if (t <= floors.second) return floor_to(t, 1min);
  return floor_to(t, 1s);
}

Cut cut(const LiveQuestion& question, const Floors (&floors)[axis_count], Instant newest) {
  Cut cut;
  const Fit fit = fit_of(question);
  cut.axis = fit.axis;
  for (std::size_t i = 0; i + 1 < question.edges.size(); ++i) {
    const Instant from = question.edges[i], to = question.edges[i + 1];
    if (from >= to) continue;
    if (!fit.panes || newest == never) {
      cut.rest.push_back({from, to, i});
      continue;
    }
    const Floors& rings = floors[std::size_t(fit.axis)];
    const Instant begin = align_up(from, rings);
    // Beyond the newest event there is nothing: a bucket that reaches there needs no aligned end.
    const Instant end = to > newest ? std::max(ceil_to(newest + Duration(1), std::chrono::hours(1)), to) : align_down(to, rings);
    if (begin >= end || begin >= to) {
      cut.rest.push_back({from, to, i});
      continue;
    }
    if (from < begin) cut.rest.push_back({from, begin, i});
    cut.panes.push_back({begin, end, i});
    if (end < to) cut.rest.push_back({end, to, i});
  }
  return cut;
}

const Cut::Range* range_of(const std::vector<Cut::Range>& ranges, Instant t) {
  auto at = std::upper_bound(ranges.begin(), ranges.end(), t, [](Instant value, const Cut::Range& r) { return value < r.from; });
  if (at == ranges.begin()) return nullptr;
  --at;
  return t < at->to ? &*at : nullptr;
}

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
  }

  void record(const CallRecord& record, const std::vector<Cut::Range>& rest, bool in_flight) {
    if (!group_.empty()) cached_ = nullptr;
    customer_ = record.customer();
    const bool kept = keeps(record, {});
    set_group(record, {});
    if (kept && !turn_groups_ && !turn_filters_) calls(record, rest, in_flight);
    const std::vector<Cut::Range>& ranges = in_flight ? whole_ : rest;
    if (ranges.empty() || record.high < ranges.front().from || record.low >= ranges.back().to) return;
    if (in_flight && summed_ && record.call.weight() == 1) {
      const Cut::Range* range = range_of(ranges, record.low);
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
    if (question_.calls) lines(&record.pane_facts, &record.pane_facts + 1);
  }

  bool keeps(const CallRecord& record, const LiveValue& model) const {
    return std::all_of(question_.where.begin(), question_.where.end(), [&](const LiveFilter& filter) {
      if (of_turn(filter.dimension)) return true;  // asked per turn
      return filter.keeps(filter.dimension == Dimension::model_used && model ? model : value_of_call(record, filter.dimension));
    });
  }
  const LiveGroup& group() const { return group_; }
  void set_group(const CallRecord& record, const LiveValue& model) {
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

  Tally& cell(std::size_t bucket) {
    if (cached_ && cached_bucket_ == bucket) return *cached_;
    cached_bucket_ = bucket;
    return *(cached_ = &out_.cells[LiveKey{bucket, group_}]);
  }

  void calls(const CallRecord& record, const std::vector<Cut::Range>& rest, bool in_flight) {
    if (!question_.calls && !question_.usage) return;
    const Instant start = in_flight ? record.call.start() : record.pane_start;
    std::size_t bucket = 0;
    if (in_flight) {  // in no pane: counted here wherever it started
      const auto at = std::upper_bound(question_.edges.begin(), question_.edges.end(), start);
      if (at == question_.edges.begin() || at == question_.edges.end()) return;
      bucket = std::size_t(at - question_.edges.begin()) - 1;
    } else {
      const Cut::Range* range = range_of(rest, start);
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
             const std::vector<Cut::Range>& rest, bool kept) {
    if (question_.turns && kept)
      for (const LiveTurn& turn : turns)
        if (const Cut::Range* range = range_of(rest, turn.state.time())) add_turn(turn, range->bucket);
    if (!question_.usage || turn_groups_ || turn_filters_) return;
    const bool reports = record.call.reports_cost();
    for (const LiveUsage& use : usage) {
      const Cut::Range* range = range_of(rest, use.time);
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
  std::vector<Cut::Range> whole_;  // for calls in flight, which are in no pane
  LiveGroup group_;
  Label customer_ = null_label;
  bool turn_groups_ = false, turn_filters_ = false, by_model_ = false;
  bool summed_ = false;            // calls in flight are added by their sums
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
  const Cut parts = cut(question, floors, newest);
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

LivePartial Shard::State::ask(const LiveQuestion& question, Instant now) const {
  LivePartial out;
  const Cut parts = question.edges.size() < 2 ? Cut{} : cut(question, floors, newest);
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
      for (const Cut::Range& range : parts.panes) {
        Tally tally;
        series.merge_range(id, range.from, range.to, tally, question.parts());
        if (!tally.empty()) out.cells[LiveKey{range.bucket, group}].merge(tally);
      }
    }
  }
  // Retained calls: what panes cannot answer; those in flight whole, because they are in no pane.
  Scan scan(*this, question, out);
  const bool intervals = question.intervals && question.edges.size() >= 2;
  const auto visit = [&](const CallRecord& record, bool flying, bool near) {
    if (flying || near) scan.record(record, parts.rest, flying);
    if ((!flying && !intervals) || !scan.keeps(record, {})) return;
    out.calls_in_flight += flying ? record.call.weight() : 0;
    if (!intervals) return;
    const Instant start = record.call.start(), end = record.call.ended_at().value_or(std::max(now, start));
    if (start >= question.edges.back() || std::max(end, start + Duration(1)) <= question.edges.front()) return;
    scan.set_group(record, {});
    out.intervals.push_back({record.id, record.call.agent(), start, end, scan.group(), record.call.weight()});
  };
  // Thousands of records nobody has touched lately: fetched some steps ahead, which is three quarters of what a look costs.
  constexpr std::size_t far = 24, near_by = 12;
  for (std::size_t i = 0; i < in_flight.size(); ++i) {
    if (i + far < in_flight.size()) __builtin_prefetch(&calls[in_flight[i + far]]);
    if (i + near_by < in_flight.size()) scan.fetch(*calls[in_flight[i + near_by]]);
    CallRecord& record = *calls[in_flight[i]];
    if (!std::exchange(record.flight_facts, true)) record.pane_facts = record.call.facts(record.sums);
    visit(record, true, false);
  }
  std::optional<CallRecord> room;
  // Of the ended ones only those are touched that reach into what is asked.
  for (Slot slot = 0; slot < extents.size() && (intervals || !parts.rest.empty()); ++slot) {
    const auto [low, high] = extents[slot];
    const bool near = !parts.rest.empty() && high >= parts.rest.front().from && low < parts.rest.back().to;
    const bool overlaps = intervals && high >= question.edges.front() && low < question.edges.back();
    if (!(near || overlaps) || !held(slot)) continue;
    if (const CallRecord& record = look(slot, room); record.counted) visit(record, false, near);
  }
  return out;
}

}  // namespace aybiza
