#include "query/turn_filters.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "query/flow.h"
#include "query/turn_labels.h"
#include "text/analyze.h"
#include "text/search_words.h"

namespace aybiza {
namespace {

struct Known {
  std::string_view name, column;
  std::string (*value)(const CallRow&, const TurnRow&);
};

template <Field field>
std::string dimension(const CallRow& call, const TurnRow&) { return call.dims[field]; }

constexpr Known filters[] = {
    {"customer_id", "c.customer_id", dimension<Field::customer_id>},
    {"agent_id", "c.external_agent_id", dimension<Field::agent_id>},
    {"agent_type", "c.agent_type", dimension<Field::agent_type>},
    {"agent_version", "c.agent_version", dimension<Field::agent_version>},
    {"region", "c.region", dimension<Field::region>},
    {"campaign", "c.campaign", dimension<Field::campaign>},
    {"language", "c.language", dimension<Field::language>},
    {"direction", "c.direction", dimension<Field::direction>},
    {"channel", "c.channel", dimension<Field::channel>},
    {"model_used", "c.model_used", dimension<Field::model_used>},
    {"experiment", "c.experiment", dimension<Field::experiment>},
    {"variant", "c.variant", dimension<Field::variant>},
    {"call_outcome", "c.call_outcome", [](const CallRow& call, const TurnRow&) { return call.call_outcome; }},
    {"resolution_status", "c.resolution_status", [](const CallRow& call, const TurnRow&) { return call.resolution_status; }},
    {"call_id", "CAST(t.call_id AS VARCHAR)", [](const CallRow& call, const TurnRow&) { return to_string(call.call_id); }},
    {"speaker", "t.speaker", [](const CallRow&, const TurnRow& turn) { return std::string(turn.agent_speaks ? "agent" : "caller"); }},
    {"sentiment", "t.sentiment_class", [](const CallRow&, const TurnRow& turn) { return std::string(sentiment_class_of(turn.sentiment_e4)); }},
    {"emotion", "t.emotion", [](const CallRow&, const TurnRow& turn) { return turn.emotion; }},
    {"intent", "t.intent", [](const CallRow&, const TurnRow& turn) { return turn.intent; }},
    {"state", "t.state", [](const CallRow&, const TurnRow& turn) { return turn.state; }},
};

const Known* known(std::string_view name) {
  const auto* at = std::ranges::find(filters, name, &Known::name);
  return at == std::end(filters) ? nullptr : at;
}

std::uint32_t topic_bits(const TurnFilter& filter) {
  std::uint32_t bits = 0;
  for (int i = 0; i < topic_count; ++i)
    if (std::ranges::find(filter.values, to_string(Topic(i))) != filter.values.end()) bits |= 1u << i;
  return bits;
}

std::string within(std::string_view column, Instant low, Instant high) {
  return fmt::format("{0} >= make_timestamptz({1}::BIGINT) AND {0} < make_timestamptz({2}::BIGINT)", column, to_micros(low), to_micros(high));
}

std::string one_of(std::string_view column, const std::vector<std::string>& values, SqlText& sql) {
  std::vector<std::string> bound;
  for (const std::string& value : values) bound.push_back(sql.bind(value));
  return fmt::format("{} IN ({})", column, fmt::join(bound, ", "));
}

}  // namespace

std::vector<std::string> turn_filters() {
  std::vector<std::string> out{"topic"};
  for (const Known& filter : filters) out.emplace_back(filter.name);
  return out;
}

std::string turns_with_calls(const TurnSearch& search) {
  return "conversation_turns t JOIN call_analytics c ON c.call_id = t.call_id AND " + within("c.time", search.from - flow_calls_before, search.to + flow_turns_around);
}

std::string turn_condition(const TurnSearch& search, SqlText& sql) {
  std::string out = within("t.time", search.from, search.to);
  if (!search.customers.empty()) out += " AND " + one_of("c.customer_id", search.customers, sql);
  for (const TurnFilter& filter : search.where) {
    if (filter.name == "topic") out += fmt::format(" AND (t.topics & {}) <> 0", topic_bits(filter));
    else if (const Known* one = known(filter.name)) out += " AND " + one_of(one->column, filter.values, sql);
  }
  return out;
}

bool means(const TurnSearch& search, const CallRow& call, const TurnRow& turn) {
  if (turn.time < search.from || turn.time >= search.to) return false;
  const auto among = [](const std::vector<std::string>& values, const std::string& value) { return std::ranges::find(values, value) != values.end(); };
  if (!search.customers.empty() && !among(search.customers, call.dims[Field::customer_id])) return false;
  for (const TurnFilter& filter : search.where) {
    if (filter.name == "topic") {
      if ((turn.topics & topic_bits(filter)) == 0) return false;
    } else if (const Known* one = known(filter.name)) {
      const std::string value = one->value(call, turn);
      if (value.empty() || !among(filter.values, value)) return false;
    }
  }
  return true;
}

Bm25::Bm25(std::uint64_t turns, double mean_length, std::vector<std::uint64_t> turns_with) : mean_length_(std::max(mean_length, 1.0)) {
  for (const std::uint64_t with : turns_with)
    weights_.push_back(std::log(1 + (double(turns) - double(with) + 0.5) / (double(with) + 0.5)));
}

double Bm25::score(const std::vector<std::uint32_t>& counts, double length) const {
  constexpr double k1 = 1.2, b = 0.75;
  double sum = 0;
  for (std::size_t i = 0; i < counts.size(); ++i)
    sum += weights_[i] * double(counts[i]) * (k1 + 1) / (double(counts[i]) + k1 * (1 - b + b * length / mean_length_));
  return sum;
}

bool count_words(const TurnSearch& search, std::string_view text, std::vector<std::uint32_t>& counts) {
  thread_local SearchWords words;
  words.read(text);
  counts.assign(search.words.size(), 0);
  for (std::size_t i = 0; i < words.size(); ++i)
    for (std::size_t w = 0; w < counts.size(); ++w) counts[w] += words.word(i) == search.words[w] ? 1 : 0;
  const auto missing = std::ranges::count(counts, 0u);
  return search.every_word ? missing == 0 : std::size_t(missing) < counts.size();
}

std::size_t characters(std::string_view utf8) {
  return std::size_t(std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

double cosine_of(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) return std::numeric_limits<double>::quiet_NaN();
  double product = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    product += double(a[i]) * double(b[i]);
    aa += double(a[i]) * double(a[i]);
    bb += double(b[i]) * double(b[i]);
  }
  return product / std::sqrt(aa * bb);  // 0 / 0 is NaN
}

void rank(std::vector<TurnHit>& hits, std::size_t keep) {
  const auto before = [](const TurnHit& a, const TurnHit& b) {
    if (a.score != b.score) return a.score > b.score;
    if (a.time != b.time) return a.time > b.time;
    return a.call_id != b.call_id ? a.call_id < b.call_id : a.turn_number < b.turn_number;
  };
  const auto end = hits.begin() + std::ptrdiff_t(std::min(keep, hits.size()));
  std::partial_sort(hits.begin(), end, hits.end(), before);
  hits.erase(end, hits.end());
}

}  // namespace aybiza
