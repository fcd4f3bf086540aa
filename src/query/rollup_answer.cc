#include "query/rollup_answer.h"

#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <unordered_map>

#include "aggregate/tally_sketches.h"
#include "query/rollup_fold.h"
#include "query/tally_cells.h"
#include "query/turn_labels.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t stretches_max = 64;  // each is asked for by itself
constexpr std::size_t runs_most = 8;       // of buckets of one step, likewise
constexpr std::int64_t counted_most = 500'000;  // rows of a table in a stretch; more is more than enough

struct Subject {                        // what of a question decides which rollups are read
  std::optional<Dimension> dimension;   // none: the total
  TallyParts parts{.calls = false, .turns = false, .usage = false, .sketches = 0};
};

bool from_tallies(const Measure& measure) {
  if (measure.moving || measure.what >= What::metric) return false;
  if (measure.what == What::active_calls || measure.what == What::active_agents || measure.what == What::utilization) return false;
  return measure.what != What::statistic || measure.statistic < Statistic::histogram;
}

bool is_quantile(const Measure& measure) {
  return measure.what == What::statistic && measure.statistic >= Statistic::p50 && measure.statistic <= Statistic::p99;
}

std::optional<Subject> subject_of(const Question& question) {
  Subject subject;
  for (const Measure& measure : question.measures) {
    if (!from_tallies(measure)) return std::nullopt;
    const Entity entity = entity_of(measure);
    subject.parts.calls |= entity == Entity::call || measure.what == What::cost_usd;
    subject.parts.turns |= entity == Entity::turn;
    subject.parts.usage |= entity == Entity::usage;
    if (is_quantile(measure)) subject.parts.sketches = std::uint8_t(subject.parts.sketches | sketch_for(measure));
  }
  const auto take = [&](const Group& group) {
    if (group.dimension == Dimension::customer_id) return true;
    if (group.dimension >= Dimension::hour_of_day || (subject.dimension && *subject.dimension != group.dimension)) return false;
    subject.dimension = group.dimension;
    return true;
  };
  if (!std::all_of(question.by.begin(), question.by.end(), take)) return std::nullopt;
  for (const Filter& filter : question.where)
    if (filter.group.dimension == Dimension::topic || !take(filter.group)) return std::nullopt;
  return subject;
}

struct Stretch {
  Instant from{}, to{};
  std::size_t bucket = 0;  // of the grid
};

// Which buckets of each step answer for which bucket of the grid, and what is left to the rows.
class Cover {
 public:
  Cover(const Grid& grid, const std::vector<DirtyBucket>& dirty, bool minutes, const KeptRange& kept) : minutes_(minutes), whole_(grid.to() - grid.from()), kept_(kept) {
    for (const DirtyBucket& bucket : dirty)
      if (bucket.bucket < grid.to() && bucket.bucket + bucket.step > grid.from()) dirty_.insert({bucket.step, bucket.bucket});
    for (std::size_t i = 0; i < grid.size(); ++i) cover(std::max(grid.start(i), grid.from()), std::min(grid.end(i), grid.to()), i);
  }
  struct Step {
    Duration step;
    std::unordered_map<std::int64_t, std::size_t> bucket_of;  // by start
  };
  std::array<Step, 3> steps{Step{24h, {}}, Step{1h, {}}, Step{1min, {}}};
  std::vector<Stretch> rows;
  std::vector<Stretch> missing;  // rows are gone, and no rollup is there
  Duration in_rows{0};

  // Minutes of an hour that turned out to have none: they are left to the rows.
  void leave_to_rows(const std::vector<Stretch>& minutes) {
    for (const Stretch& minute : minutes) {
      if (minute.from < kept_.rows) continue;
      rows.push_back(minute);
      in_rows += minute.to - minute.from;
    }
    std::ranges::sort(rows, {}, &Stretch::from);
    std::vector<Stretch> joined;
    for (const Stretch& one : rows) {
      if (!joined.empty() && joined.back().to == one.from && joined.back().bucket == one.bucket) joined.back().to = one.to;
      else joined.push_back(one);
    }
    rows = std::move(joined);
  }
  bool too_much(bool alone) const { return (!alone && in_rows * 2 > whole_) || rows.size() > stretches_max; }

 private:
  bool fits(const Step& step, Instant at, Instant end) const {
    return floor_to(at, step.step) == at && at + step.step <= end && !dirty_.contains({step.step, at}) && (minutes_ || step.step > 1min) &&
           at >= kept_.rollups_of(step.step);
  }
  void cover(Instant at, Instant end, std::size_t bucket) {
    while (at < end) {
      const auto step = std::find_if(steps.begin(), steps.end(), [&](const Step& one) { return fits(one, at, end); });
      if (step != steps.end()) {
        step->bucket_of.emplace(to_micros(at), bucket);
        at += step->step;
        continue;
      }
      const Duration least = minutes_ ? Duration(1min) : Duration(1h);
      const Instant to = std::min(end, floor_to(at, least) + least);
      const bool gone = at < kept_.rows;
      std::vector<Stretch>& where = gone ? missing : rows;
      if (!where.empty() && where.back().to == at && (gone || where.back().bucket == bucket)) where.back().to = to;
      else where.push_back({at, to, bucket});
      if (!gone) in_rows += to - at;
      at = to;
    }
  }
  bool minutes_;
  Duration whole_;
  KeptRange kept_;
  std::set<std::pair<Duration, Instant>> dirty_;
};

// Tallies by bucket and group, and which rows belong to which.
class Groups final : public FactSink {
 public:
  Groups(const Question& question, const Subject& subject) : question_(question), subject_(subject) {}
  std::map<CellKey, Tally> tallies;
  std::size_t bucket = 0;  // where the next rows belong

  bool keeps(OptionalText customer, OptionalText value) const {
    return std::all_of(question_.where.begin(), question_.where.end(), [&](const Filter& filter) {
      return filter.keeps(filter.group.dimension == Dimension::customer_id ? customer : value);
    });
  }
  Tally& at(OptionalText customer, OptionalText value) {
    key_.bucket = bucket;
    key_.group.clear();
    for (const Group& group : question_.by) {
      const OptionalText text = group.dimension == Dimension::customer_id ? customer : value;
      key_.group.push_back(text ? std::optional(std::string(*text)) : std::nullopt);
    }
    return tallies[key_];
  }
  void call(const FactRow& row, const CallFacts& facts) override {
    each(row, [&](Tally& tally) {
      tally.add(facts, subject_.parts);
      if (facts.reported_cost_nano) tally.add_reported_cost(*facts.reported_cost_nano, facts.weight);
    });
  }
  void turn(const FactRow& row, const TurnFacts& facts) override {
    each(row, [&](Tally& tally) { row.sampled ? tally.add(facts, *row.sampled) : tally.add(facts, subject_.parts); });
  }
  void usage(const FactRow& row, const UsageFacts& facts) override {
    each(row, [&](Tally& tally) { row.sampled ? tally.add(facts, *row.sampled) : tally.add(facts); });
  }

 private:
  template <typename Add>
  void each(const FactRow& row, Add&& add) {
    if (subject_.dimension == Dimension::topic) {
      const auto topics = topics_of(row.topics);
      for (const std::string_view topic : topics) one(row.customer, topic, add);
      if (topics.empty()) one(row.customer, std::nullopt, add);
    } else {
      one(row.customer, row.dimensions.empty() ? OptionalText() : row.dimensions[0], add);
    }
  }
  template <typename Add>
  void one(OptionalText customer, OptionalText value, Add&& add) {
    if (keeps(customer, value)) add(at(customer, value));
  }

  const Question& question_;
  const Subject& subject_;
  CellKey key_;
};

// Buckets that follow each other are read together. Minutes and hours of a long range lie at its two ends: what is between them is not read, only
// small holes are where there are many.
std::vector<std::pair<Instant, Instant>> runs_of(const Cover::Step& step) {
  std::vector<Instant> starts;
  for (const auto& [start, bucket] : step.bucket_of) starts.push_back(from_micros(start));
  std::ranges::sort(starts);
  std::vector<Duration> holes;
  for (std::size_t i = 1; i < starts.size(); ++i) holes.push_back(starts[i] - starts[i - 1] - step.step);
  Duration read_over{0};
  if (holes.size() >= runs_most) {
    std::vector<Duration> widest = holes;
    std::ranges::nth_element(widest, widest.begin() + (runs_most - 1), std::greater<>());
    read_over = widest[runs_most - 1];
  }
  std::vector<std::pair<Instant, Instant>> runs;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    if (i == 0 || holes[i - 1] > read_over) runs.emplace_back(starts[i], starts[i]);
    runs.back().second = starts[i] + step.step;
  }
  return runs;
}

// `bare`, of a run of minutes: those of hours of which no minute was seen (query/rollup_repair.h), which is told by what is read itself.
Status read_run(Store& store, const Subject& subject, const Cover::Step& step, std::pair<Instant, Instant> run, Duration deadline, Groups& groups, std::vector<Stretch>& bare) {
  const bool of_minutes = step.step < 1h;
  std::set<Instant> seen;  // hours
  const std::string_view dimension = subject.dimension ? to_string(*subject.dimension) : of_minutes ? to_string(minute_dimension) : std::string_view();
  const Param params[] = {run.first, run.second};
  TallyParts sums_only = subject.parts;
  sums_only.sketches = 0;
  // What rollups are meant is spelled out: so the engine sees while it plans in which of its tables they lie.
  auto rows = store.sql(fmt::format("SELECT bucket, customer_id, value, tally{} FROM rollups WHERE step_seconds = {} AND dimension = '{}' AND bucket >= $1 AND bucket < $2",
                                    subject.parts.sketches != 0 ? ", sketches" : "", step.step / 1s, dimension),
                        params, deadline);
  if (!rows) return std::unexpected(rows.error());
  for (;;) {
    const auto more = (*rows)->next();
    if (!more) return std::unexpected(more.error());
    if (!*more) break;
    for (std::size_t row = 0; row < (*rows)->row_count(); ++row) {
      const Cell time = (*rows)->cell(row, 0), customer_cell = (*rows)->cell(row, 1), value_cell = (*rows)->cell(row, 2), sums = (*rows)->cell(row, 3);
      const auto* start = std::get_if<Instant>(&time);
      if (of_minutes && start) seen.insert(floor_to(*start, 1h));
      const auto place = start ? step.bucket_of.find(to_micros(*start)) : step.bucket_of.end();
      if (place == step.bucket_of.end()) continue;
      const auto text = [](const Cell& cell) {
        const auto* found = std::get_if<std::string_view>(&cell);
        return found ? OptionalText(*found) : OptionalText();
      };
      const OptionalText customer = text(customer_cell), value = text(value_cell);
      if (!groups.keeps(customer, value)) continue;
      const auto* bytes = std::get_if<Blob>(&sums);
      auto tally = parse_sums(bytes ? bytes->bytes : std::string_view());
      if (!tally) return std::unexpected(tally.error());
      groups.bucket = place->second;
      Tally& into = groups.at(customer, value);
      into.merge(*tally, sums_only);
      if (subject.parts.sketches == 0) continue;
      const Cell sketches = (*rows)->cell(row, 4);
      const auto* packed = std::get_if<Blob>(&sketches);
      AYBIZA_TRY(merge_sketches(packed ? packed->bytes : std::string_view(), *tally, into, subject.parts.sketches));
    }
  }
  if (!of_minutes) return {};
  for (Instant minute = run.first; minute < run.second; minute += 1min)
    if (const auto place = step.bucket_of.find(to_micros(minute)); place != step.bucket_of.end() && !seen.contains(floor_to(minute, 1h)))
      bare.push_back({minute, minute + 1min, place->second});
  return {};
}

// Rows that would be folded one by one.
Result<std::int64_t> rows_left(Store& store, const Subject& subject, const std::vector<Stretch>& stretches, Duration deadline) {
  std::int64_t total = 0;
  const std::pair<bool, std::string_view> tables[] = {{subject.parts.calls, "call_analytics"}, {subject.parts.turns, "conversation_turns"}, {subject.parts.usage, "usage_events"}};
  for (const Stretch& stretch : stretches) {
    const auto from = store_for(store, stretch.from, stretch.to);
    for (const auto& [asked, table] : tables) {
      if (!asked || total >= counted_most) continue;
      const Param params[] = {stretch.from, stretch.to};
      auto rows = from->sql(fmt::format("SELECT count(*) FROM (SELECT 1 AS one FROM {} WHERE time >= $1 AND time < $2 LIMIT {}) AS counted", table, counted_most), params, deadline);
      if (!rows) return std::unexpected(rows.error());
      const auto more = (*rows)->next();
      if (!more) return std::unexpected(more.error());
      const Cell cell = *more && (*rows)->row_count() > 0 ? (*rows)->cell(0, 0) : Cell{};
      if (const auto* count = std::get_if<std::int64_t>(&cell)) total += *count;
    }
  }
  return total;
}

// Folding a row here costs several times what the engine's own aggregation does: where most of what is asked lies in
// stretches, the engine had better go through all of it.
Result<bool> rows_outweigh(Store& store, const Subject& subject, const Cover& cover, Duration deadline, const Groups& groups) {
  const auto left = rows_left(store, subject, cover.rows, deadline);
  if (!left) return std::unexpected(left.error());
  if (*left < std::int64_t(rollup_folded_rows)) return false;
  std::int64_t summed = 0;
  for (const auto& [key, tally] : groups.tallies)
    summed += (tally.calls ? tally.calls->calls : 0) + (tally.turns ? tally.turns->turns : 0) + (tally.usage ? tally.usage->usages : 0);
  return summed < 4 * *left;
}

Status read_rollups(Store& store, const Subject& subject, const Cover& cover, Duration deadline, Groups& groups, std::vector<Stretch>& bare) {
  for (const Cover::Step& step : cover.steps)
    for (const auto& run : runs_of(step)) AYBIZA_TRY(read_run(store, subject, step, run, deadline, groups, bare));
  return {};
}

Status read_stretches(Store& store, const Subject& subject, const Cover& cover, Duration deadline, Groups& groups) {
  const std::vector<Dimension> wanted = subject.dimension ? std::vector{*subject.dimension} : std::vector<Dimension>{};
  for (const Stretch& stretch : cover.rows) {
    groups.bucket = stretch.bucket;
    const auto from = store_for(store, stretch.from, stretch.to);
    AYBIZA_TRY(scan_facts(*from, {.from = stretch.from, .to = stretch.to, .calls = subject.parts.calls, .turns = subject.parts.turns, .usage = subject.parts.usage,
                                  .stop = {}, .dimensions = wanted},
                          groups, deadline));
  }
  return {};
}

}  // namespace

Answered<std::optional<Answer>> answer_from_rollups(const Question& question, const Grid& grid, Store& store, Instant as_of, Duration deadline,
                                                    Duration least, const KeptRange& kept) {
  const bool alone = grid.from() < kept.rows;
  const auto subject = store.keeps_rollups() && (alone || grid.to() - grid.from() >= least) ? subject_of(question) : std::nullopt;
  if (!subject) return std::nullopt;
  Cover cover(grid, store.dirty_rollups(), !subject->dimension || kept_by_minute(*subject->dimension), kept);
  if (cover.too_much(alone)) return std::nullopt;
  Groups groups(question, *subject);
  const auto unavailable = [](const Error& error) { return std::unexpected(Refusal{"unavailable", "source", error.message}); };
  std::vector<Stretch> bare;
  if (const Status done = read_rollups(store, *subject, cover, deadline, groups, bare); !done) return unavailable(done.error());
  cover.leave_to_rows(bare);
  if (cover.too_much(alone)) return std::nullopt;
  if (!alone) {
    const auto outweigh = rows_outweigh(store, *subject, cover, deadline, groups);
    if (!outweigh) return unavailable(outweigh.error());
    if (*outweigh) return std::nullopt;
  }
  if (const Status done = read_stretches(store, *subject, cover, deadline, groups); !done) return unavailable(done.error());
  Cells cells;
  Estimates estimates;
  std::vector<std::optional<double>> errors(question.measures.size());
  for (const auto& [key, tally] : groups.tallies) add_tally(question, key, tally, cells, errors, estimates);
  Answer answer = finish(question, grid, std::move(cells), as_of, "rollups", estimates);
  set_errors(errors, answer);
  for (const Stretch& stretch : cover.missing) answer.notes.push_back(gone_note(kept.rows, stretch.from, stretch.to));
  return answer;
}

}  // namespace aybiza
