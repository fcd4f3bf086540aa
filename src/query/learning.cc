#include "query/learning.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "query/concurrency.h"

namespace aybiza {
namespace {

using Text = std::optional<std::string>;
using Pattern = std::pair<std::string_view, std::string_view>;  // customer, pattern

enum class About { patterns, graphs, improvements, changes };

About about(What what) {
  switch (what) {
    case What::improvements: return About::improvements;
    case What::changes: return About::changes;
    case What::knowledge_nodes: case What::knowledge_edges: case What::knowledge_orphans: case What::unanswered_questions:
      return About::graphs;
    default: return About::patterns;
  }
}

bool asks(const Question& question, About one) {
  return std::any_of(question.measures.begin(), question.measures.end(),
                     [&](const Measure& m) { return entity_of(m) == Entity::learning && about(m.what) == one; });
}

struct Counted {  // of one group in one bucket
  std::int64_t discovered = 0, improvements = 0, changes = 0;
  std::set<Pattern> active, successful, failed, replicated;
  std::int64_t confidence_sum = 0, confidences = 0;
};

constexpr std::size_t sizes = 4;  // nodes, edges, orphans, unanswered questions
using Sizes = std::array<Number, sizes>;
Sizes sizes_of(const LearningRow& row) { return {row.nodes, row.edges, row.orphans, row.unanswered_questions}; }

struct GroupSize {  // of one group at a moment
  std::map<Pattern, Sizes> graphs;  // by customer and graph: what each told last
  std::int64_t sum[sizes]{}, known[sizes]{};
  void tell(Pattern graph, const Sizes& now) {
    Sizes& before = graphs[graph];
    for (std::size_t i = 0; i < sizes; ++i) {
      if (!now[i]) continue;
      sum[i] += *now[i] - before[i].value_or(0);
      known[i] += before[i] ? 0 : 1;
      before[i] = now[i];
    }
  }
};

class Counting {
 public:
  Counting(const Question& question, const Grid& grid, const Zone& zone, Cells& cells)
      : question_(question), grid_(grid), zone_(zone), cells_(cells) {}

  void count(const LearningPartial& rows) {
    std::set<Pattern> known;  // rows are in order: the first of a pattern is its discovery
    for (const auto& row : rows.learning) {
      const bool pattern = row->type == EventType::learning_pattern;
      const bool discovery = pattern && known.emplace(row->customer, row->pattern_id).second;
      if (pattern && asks(question_, About::patterns)) add(*row, [&](Counted& into) { tell(into, *row, discovery); });
      if (row->type == EventType::learning_improvement && asks(question_, About::improvements))
        add(*row, [](Counted& into) { ++into.improvements; });
    }
    if (asks(question_, About::changes))
      for (const auto& row : rows.changes) add(*row, [](Counted& into) { ++into.changes; });
    for (const auto& [key, counted] : counted_) {
      auto& figures = row_of(question_, cells_, key);
      for (std::size_t i = 0; i < figures.size(); ++i) put(question_.measures[i], counted, figures[i]);
    }
  }

  // Sizes are carried from bucket to bucket: a graph that says nothing is as large as it was.
  void carry(const LearningPartial& rows) {
    std::map<GroupKey, GroupSize> groups;
    auto row = rows.learning.begin();
    for (std::size_t bucket = 0; bucket < grid_.size(); ++bucket) {
      const Instant end = std::min(grid_.end(bucket), grid_.to());
      for (; row != rows.learning.end() && (*row)->time < end; ++row)
        if ((*row)->type == EventType::learning_knowledge && kept(**row))
          groups[key_of(**row)].tell({(*row)->customer, (*row)->graph_id}, sizes_of(**row));
      for (const auto& [key, size] : groups) {
        auto& figures = row_of(question_, cells_, {bucket, key});
        for (std::size_t i = 0; i < figures.size(); ++i) {
          const Measure& m = question_.measures[i];
          if (entity_of(m) != Entity::learning || about(m.what) != About::graphs) continue;
          const auto which = std::size_t(m.what) - std::size_t(What::knowledge_nodes);
          figures[i] = size.known[which] > 0 ? Figure(double(size.sum[which])) : Figure{};
        }
      }
    }
  }

 private:
  template <typename Row>
  Text value(const Group& group, const Row& row) const {
    if (group.dimension == Dimension::hour_of_day) return fmt::format("{}", zone_.hour_of_day(row.time));
    if (group.dimension == Dimension::day_of_week) return fmt::format("{}", zone_.day_of_week(row.time));
    const auto found = dimension_of(row.dims, group.dimension);
    return found ? Text(std::string(*found)) : Text{};
  }
  template <typename Row>
  bool kept(const Row& row) const {
    return std::all_of(question_.where.begin(), question_.where.end(), [&](const Filter& filter) {
      const Text own = value(filter.group, row);
      return filter.keeps(own ? std::optional<std::string_view>(*own) : std::nullopt);
    });
  }
  template <typename Row>
  GroupKey key_of(const Row& row) const {
    GroupKey key;
    for (const Group& group : question_.by) key.push_back(value(group, row));
    return key;
  }
  template <typename Row, typename Change>
  void add(const Row& row, Change&& change) {
    const auto bucket = grid_.find(row.time);
    if (bucket && kept(row)) change(counted_[{*bucket, key_of(row)}]);
  }

  static void tell(Counted& into, const LearningRow& row, bool discovery) {
    const Pattern pattern(row.customer, row.pattern_id);
    into.discovered += discovery ? 1 : 0;
    into.active.insert(pattern);
    if (row.outcome == "success") into.successful.insert(pattern);
    if (row.outcome == "failure") into.failed.insert(pattern);
    if (!row.replicated_from.empty()) into.replicated.insert(pattern);
    if (!row.confidence_e4) return;
    into.confidence_sum += *row.confidence_e4;
    ++into.confidences;
  }

  static void put(const Measure& m, const Counted& counted, Figure& into) {
    switch (m.what) {
      case What::learning_patterns: into = double(counted.discovered); return;
      case What::active_patterns: into = double(counted.active.size()); return;
      case What::successful_patterns: into = double(counted.successful.size()); return;
      case What::failed_patterns: into = double(counted.failed.size()); return;
      case What::replicated_patterns: into = double(counted.replicated.size()); return;
      case What::pattern_confidence:
        into = counted.confidences > 0 ? Figure(double(counted.confidence_sum) / double(counted.confidences) / 1e4) : Figure{};
        return;
      case What::improvements: into = double(counted.improvements); return;
      case What::changes: into = double(counted.changes); return;
      default: return;
    }
  }

  const Question& question_;
  const Grid& grid_;
  const Zone& zone_;
  Cells& cells_;
  std::map<CellKey, Counted> counted_;
};

}  // namespace

bool asks_learning(const Question& question) {
  return std::any_of(question.measures.begin(), question.measures.end(), [](const Measure& m) { return entity_of(m) == Entity::learning; });
}

bool asks_only_learning(const Question& question) {
  return std::all_of(question.measures.begin(), question.measures.end(), [](const Measure& m) { return entity_of(m) == Entity::learning; });
}

LearningQuestion learning_question(const Question& question) {
  const bool discoveries = std::any_of(question.measures.begin(), question.measures.end(),
                                       [](const Measure& m) { return m.what == What::learning_patterns; });
  return {question.from, question.to, discoveries, asks(question, About::graphs), asks(question, About::changes)};
}

LearningPartial in_order(LearningPartial rows) {
  const auto order = [](auto& list) {
    const auto place = [](const auto& row) { return std::pair(row->time, row->id); };
    std::ranges::sort(list, {}, place);
    const auto twice = std::ranges::unique(list, {}, place);
    list.erase(twice.begin(), twice.end());
  };
  order(rows.learning);
  order(rows.changes);
  return rows;
}

LearningPartial shared_rows(std::vector<LearningRow> learning, std::vector<ChangeRow> changes) {
  LearningPartial rows;
  for (LearningRow& row : learning) rows.learning.push_back(std::make_shared<const LearningRow>(std::move(row)));
  for (ChangeRow& row : changes) rows.changes.push_back(std::make_shared<const ChangeRow>(std::move(row)));
  return in_order(std::move(rows));
}

Answered<LearningPartial> learning_from_store(const LearningQuestion& question, Store& store) {
  RowFilter filter{.tables = bit(Table::learning_events), .from = question.from, .to = question.to, .call = {}, .customer = {}, .step = {}, .dimension = {}};
  if (question.changes) filter.tables |= bit(Table::change_events);
  filter.learning_before = question.patterns || question.graphs;
  auto rows = store.rows(filter);
  if (!rows && rows.error().code == Code::too_large) return std::unexpected(Refusal{"too_many_rows", "from", rows.error().message});
  if (!rows) return std::unexpected(Refusal{"unavailable", "source", rows.error().message});
  return shared_rows(std::move(rows->learning), std::move(rows->changes));
}

void add_learning(const Question& question, const Grid& grid, const Zone& zone, const LearningPartial& rows, Cells& cells) {
  Counting counting(question, grid, zone, cells);
  counting.count(rows);
  if (asks(question, About::graphs)) counting.carry(rows);
}

}  // namespace aybiza
