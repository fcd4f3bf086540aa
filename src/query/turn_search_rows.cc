// Searching turns one by one over the rows themselves.
#include <cmath>
#include <map>

#include "query/flow.h"
#include "query/turn_filters.h"
#include "text/topic_model.h"

namespace aybiza {
namespace {

TurnHit hit_of(const CallRow& call, const TurnRow& turn) {
  return {.call_id = turn.call_id, .turn_number = turn.turn_number, .time = turn.time, .score = 0, .agent_speaks = turn.agent_speaks, .text = turn.text_content,
          .intent = turn.intent, .emotion = turn.emotion, .state = turn.state, .external_call_id = call.external_call_id, .customer = call.dims[Field::customer_id],
          .agent = call.dims[Field::agent_id], .sentiment_e4 = turn.sentiment_e4, .topics = turn.topics};
}

struct Meant {
  const CallRow* call;
  const TurnRow* turn;
};

TurnMatches by_words(const TurnSearch& search, const std::vector<Meant>& meant) {
  TurnMatches out;
  std::vector<std::vector<std::uint32_t>> counts;
  std::vector<std::uint64_t> turns_with(search.words.size());
  std::size_t length = 0;
  for (const auto& [call, turn] : meant) {
    if (turn->text_content.empty()) continue;
    ++out.turns;
    length += characters(turn->text_content);
    std::vector<std::uint32_t> found;
    if (!count_words(search, turn->text_content, found)) continue;
    for (std::size_t w = 0; w < found.size(); ++w) turns_with[w] += found[w] != 0 ? 1 : 0;
    out.hits.push_back(hit_of(*call, *turn));
    counts.push_back(std::move(found));
  }
  out.looked_at = out.hits.size();
  const Bm25 bm25(out.turns, out.turns == 0 ? 1 : double(length) / double(out.turns), turns_with);
  for (std::size_t i = 0; i < out.hits.size(); ++i) out.hits[i].score = bm25.score(counts[i], double(characters(out.hits[i].text)));
  return out;
}

TurnMatches by_vector(const TurnSearch& search, const std::vector<Meant>& meant) {
  TurnMatches out;
  const bool topic = search.by == TurnSearch::By::topic;
  for (const auto& [call, turn] : meant) {
    const std::string& bytes = topic ? turn->topic_vector : turn->embedding;
    if (bytes.empty()) continue;
    ++out.turns;
    if (bytes.size() != search.vector.size() * sizeof(float) || (topic && turn->topic_version != search.version)) continue;
    ++out.looked_at;
    const double score = cosine_of(floats_of(bytes), search.vector);
    if (std::isnan(score)) continue;
    out.hits.push_back(hit_of(*call, *turn));
    out.hits.back().score = score;
  }
  return out;
}

}  // namespace

Result<TurnMatches> search_rows(Store& store, const TurnSearch& search) {
  RowFilter filter;
  filter.tables = bit(Table::call_analytics) | bit(Table::conversation_turns);
  filter.from = search.from - flow_calls_before, filter.to = search.to + flow_turns_around;
  const auto rows = store.rows(filter);
  if (!rows) return std::unexpected(rows.error());
  std::map<Id, const CallRow*> calls;
  for (const CallRow& call : rows->calls) calls[call.call_id] = &call;
  std::vector<Meant> meant;
  for (const TurnRow& turn : rows->turns)
    if (const auto call = calls.find(turn.call_id); call != calls.end() && means(search, *call->second, turn)) meant.push_back({call->second, &turn});
  TurnMatches out = search.by == TurnSearch::By::words ? by_words(search, meant) : by_vector(search, meant);
  rank(out.hits, search.hits);
  return out;
}

}  // namespace aybiza
