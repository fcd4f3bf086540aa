#include "aggregate/learning_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <iterator>

#include "assemble/order.h"

namespace aybiza {
namespace {

std::string word(const Event& event, Field field) {
  const Value* value = event.find(field);
  return value ? std::string(text_of(*value)) : std::string();
}

std::optional<double> real(const Event& event, Field field) {
  const auto number = event.number(field);
  return number ? std::optional(to_wire(field, *number)) : std::nullopt;
}

template <typename Row>
void put_common(Row& row, const Event& event) {
  row.id = event.id;
  row.time = event.time;
  row.agent_id = event.agent;
  for (std::size_t i = 0; i < dimension_field_count; ++i) row.dims.value[i] = word(event, Field(i));
  row.customer = event.customer.empty() ? "default" : std::string(event.customer);
  row.dims[Field::customer_id] = row.customer;
  row.ext = event.ext;
}

std::string key_of_pattern(const LearningRow& row) { return fmt::format("{}\n{}", row.customer, row.pattern_id); }

std::string key_of_graph(const LearningRow& row) {
  std::string key = row.graph_id;
  for (const std::string& value : row.dims.value) key.append(1, '\n').append(value);
  return key;
}

auto place(const LearningRow& row) { return std::pair(row.time, row.id); }

template <typename Row>
std::size_t bytes_of(const Row& row) {  // the same whenever it is asked
  std::size_t bytes = sizeof(Row) + 64;
  for (const std::string& value : row.dims.value) bytes += value.size() > 15 ? value.size() : 0;
  return bytes;
}

void write_real(bytes::Writer& out, const std::optional<double>& value) {
  out.byte(value ? 1 : 0);
  if (value) out.fixed(std::bit_cast<std::uint64_t>(*value));
}

std::optional<double> read_real(bytes::Reader& in) {
  if (in.byte() == 0) return std::nullopt;
  return std::bit_cast<double>(in.fixed());
}

// The members of each row in one order, for writer and reader alike.
template <typename Row, typename Visit>
void each_text(Row& row, Visit&& visit) {
  visit(row.customer);
  for (auto& value : row.dims.value) visit(value);
  if constexpr (requires { row.what; }) {
    for (auto* text : {&row.what, &row.version, &row.hash}) visit(*text);
  } else {
    for (auto* text : {&row.pattern_id, &row.name, &row.outcome, &row.replicated_from, &row.graph_id, &row.metric}) visit(*text);
  }
}

template <typename Row>
void write_row(bytes::Writer& out, const Row& row) {
  out.id(row.id);
  out.instant(row.time);
  out.id(row.agent_id);
  each_text(row, [&](const std::string& text) { out.text(text); });
  if constexpr (requires { row.type; }) {
    out.byte(std::uint8_t(row.type));
    for (const Number* number : {&row.confidence_e4, &row.nodes, &row.edges, &row.orphans, &row.unanswered_questions}) out.optional(*number);
    write_real(out, row.before);
    write_real(out, row.after);
  }
}

template <typename Row>
std::shared_ptr<const Row> read_row(bytes::Reader& in) {
  auto row = std::make_shared<Row>();
  row->id = in.id();
  row->time = in.instant();
  row->agent_id = in.id();
  each_text(*row, [&](std::string& text) { text = in.text(); });
  if constexpr (requires { row->type; }) {
    row->type = EventType(in.byte());
    if (row->type < EventType::learning_pattern || row->type > EventType::learning_improvement) return nullptr;
    for (Number* number : {&row->confidence_e4, &row->nodes, &row->edges, &row->orphans, &row->unanswered_questions}) *number = in.optional();
    row->before = read_real(in);
    row->after = read_real(in);
  }
  return in.bad() ? nullptr : row;
}

}  // namespace

LearningRow learning_row(const Event& event) {
  LearningRow row;
  put_common(row, event);
  row.type = event.type;
  row.pattern_id = word(event, Field::pattern_id);
  row.name = word(event, Field::name);
  row.outcome = word(event, Field::outcome);
  row.replicated_from = word(event, Field::replicated_from);
  row.graph_id = word(event, Field::graph_id);
  row.metric = word(event, Field::metric);
  row.confidence_e4 = event.number(Field::confidence);
  row.nodes = event.number(Field::nodes);
  row.edges = event.number(Field::edges);
  row.orphans = event.number(Field::orphans);
  row.unanswered_questions = event.number(Field::unanswered_questions);
  row.before = real(event, Field::before);
  row.after = real(event, Field::after);
  return row;
}

ChangeRow change_row(const Event& event) {
  ChangeRow row;
  put_common(row, event);
  row.what = word(event, Field::what);
  row.version = word(event, Field::version);
  row.hash = word(event, Field::hash);
  return row;
}

void LearningPartial::merge(LearningPartial&& other) {
  std::move(other.learning.begin(), other.learning.end(), std::back_inserter(learning));
  std::move(other.changes.begin(), other.changes.end(), std::back_inserter(changes));
}

LearningTable::LearningTable(Instant since, LearningLimits bounds)
    : bounds_(bounds), rows_gone_(since), changes_gone_(since), firsts_lost_(since != Instant::min()), graphs_lost_(firsts_lost_) {}

void LearningTable::add(LearningRow row) {
  row.ext = {};  // kept by the store only
  const auto shared = std::make_shared<const LearningRow>(std::move(row));
  if (shared->type == EventType::learning_pattern) note_first(shared);
  bytes_ += bytes_of(*shared);
  rows_.insert_or_assign(place(*shared), shared);
  bound();
}

void LearningTable::add(ChangeRow row) {
  row.ext = {};
  const Key key(row.time, row.id);
  bytes_ += bytes_of(row);
  changes_.insert_or_assign(key, std::make_shared<const ChangeRow>(std::move(row)));
  bound();
}

// Late news may be the first after all: then it takes the place.
void LearningTable::note_first(const Row& row) {
  const std::string key = key_of_pattern(*row);
  if (const auto at = firsts_.find(key); at != firsts_.end()) {
    if (place(*row) < place(*at->second)) at->second = row;
  } else if (firsts_.size() < bounds_.patterns) {
    firsts_.emplace(key, row);
  } else {
    firsts_lost_ = true;
  }
}

void LearningTable::let_go(const Row& row) {
  rows_gone_ = std::max(rows_gone_, row->time);
  if (row->type != EventType::learning_knowledge) return;
  const std::string key = key_of_graph(*row);
  auto at = graphs_.find(key);
  if (at == graphs_.end()) {
    if (graphs_.size() >= bounds_.graphs) {
      graphs_lost_ = true;
      return;
    }
    at = graphs_.emplace(key, Graph{}).first;
  }
  const auto newer = [&](Row& kept) {
    if (!kept || place(*kept) < place(*row)) kept = row;
  };
  newer(at->second.newest);
  if (row->orphans) newer(at->second.with_orphans);
  if (row->unanswered_questions) newer(at->second.with_questions);
}

void LearningTable::bound() {
  while (rows_.size() > bounds_.rows) {
    let_go(rows_.begin()->second);
    bytes_ -= bytes_of(*rows_.begin()->second);
    rows_.erase(rows_.begin());
  }
  while (changes_.size() > bounds_.changes) {
    changes_gone_ = std::max(changes_gone_, changes_.begin()->first.first);
    bytes_ -= bytes_of(*changes_.begin()->second);
    changes_.erase(changes_.begin());
  }
}

Coverage LearningTable::covers(const LearningQuestion& question) const {
  const Instant gone = question.changes ? std::max(rows_gone_, changes_gone_) : rows_gone_;
  const Instant since = gone == Instant::min() ? gone : gone + Duration(1);
  if (question.patterns && firsts_lost_)
    return {false, since, "live state does not know since when each pattern is known; ask source=store for discoveries"};
  if (question.graphs && graphs_lost_)
    return {false, since, "live state does not know the earlier size of every knowledge graph; ask source=store for sizes"};
  if (question.from >= since) return {true, since, {}};
  return {false, since, fmt::format("live state holds what was told of learning and changes since {}", format_rfc3339(since))};
}

LearningPartial LearningTable::select(const LearningQuestion& question) const {
  LearningPartial part;
  for (const auto& [key, row] : rows_) {
    if (key.first >= question.to) break;
    part.learning.push_back(row);
  }
  for (const auto& [key, graph] : graphs_)
    for (const Row* row : {&graph.newest, &graph.with_orphans, &graph.with_questions})
      if (*row && (row == &graph.newest || *row != graph.newest)) part.learning.push_back(*row);
  for (const auto& [key, row] : firsts_)
    if (row->time <= rows_gone_ && row->time < question.to) part.learning.push_back(row);
  for (auto at = changes_.lower_bound(Key(question.from, Id{})); at != changes_.end() && at->first.first < question.to; ++at)
    part.changes.push_back(at->second);
  return part;
}

// Rows held apart from the newest count as much as these do.
std::size_t LearningTable::heap_bytes() const { return bytes_ + (firsts_.size() + graphs_.size()) * (sizeof(LearningRow) + 160); }

void LearningTable::write(bytes::Writer& out) const {
  out.instant(rows_gone_);
  out.instant(changes_gone_);
  out.byte(std::uint8_t((firsts_lost_ ? 1 : 0) | (graphs_lost_ ? 2 : 0)));
  const auto list = [&](const auto& rows) {
    out.count(rows.size());
    for (const auto& [key, row] : rows) write_row(out, *row);
  };
  list(rows_);
  list(changes_);
  list(firsts_);
  out.count(graphs_.size());
  for (const auto& [key, graph] : graphs_)
    for (const Row* row : {&graph.newest, &graph.with_orphans, &graph.with_questions}) {
      out.byte(*row ? 1 : 0);
      if (*row) write_row(out, **row);
    }
}

bool LearningTable::read(bytes::Reader& in) {
  rows_gone_ = in.instant();
  changes_gone_ = in.instant();
  const std::uint8_t lost = in.byte();
  firsts_lost_ = (lost & 1) != 0;
  graphs_lost_ = (lost & 2) != 0;
  const std::size_t rows = in.length(34);
  for (std::size_t i = 0; i < rows; ++i) {
    const Row row = read_row<LearningRow>(in);
    if (!row) return false;
    bytes_ += bytes_of(*row);
    rows_.emplace(place(*row), row);
  }
  const std::size_t changes = in.length(34);
  for (std::size_t i = 0; i < changes; ++i) {
    const auto row = read_row<ChangeRow>(in);
    if (!row) return false;
    bytes_ += bytes_of(*row);
    changes_.emplace(Key(row->time, row->id), row);
  }
  const std::size_t firsts = in.length(34);
  for (std::size_t i = 0; i < firsts; ++i) {
    const Row row = read_row<LearningRow>(in);
    if (!row || row->type != EventType::learning_pattern) return false;
    const auto held = rows_.find(place(*row));
    firsts_.emplace(key_of_pattern(*row), held != rows_.end() ? held->second : row);  // shared again
  }
  const std::size_t graphs = in.length(3);
  for (std::size_t i = 0; i < graphs; ++i) {
    Graph graph;
    for (Row* row : {&graph.newest, &graph.with_orphans, &graph.with_questions})
      if (in.byte() != 0 && !(*row = read_row<LearningRow>(in))) return false;
    if (!graph.newest) return false;
    graphs_.emplace(key_of_graph(*graph.newest), std::move(graph));
  }
  return !in.bad();
}

}  // namespace aybiza
