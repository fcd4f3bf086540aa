#include "query/turn_search.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <memory>

#include "query/flow.h"
#include "query/kept_range.h"
#include "query/turn_filters.h"

namespace aybiza {
namespace {

std::string text_of(const Rows& rows, std::size_t row, std::size_t column) {
  const Cell cell = rows.cell(row, column);
  const auto* text = std::get_if<std::string_view>(&cell);
  return text ? std::string(*text) : std::string();
}

void read_details(const Rows& rows, std::size_t row, TurnHit& hit) {
  hit.agent_speaks = text_of(rows, row, 2) == "agent";
  hit.text = text_of(rows, row, 3);
  hit.intent = text_of(rows, row, 4);
  hit.emotion = text_of(rows, row, 5);
  hit.state = text_of(rows, row, 6);
  if (const Cell score = rows.cell(row, 7); const auto* decimal = std::get_if<Decimal>(&score)) hit.sentiment_e4 = decimal->unscaled;
  hit.topics = std::uint32_t(as_integer(rows.cell(row, 8)).value_or(0));
  hit.external_call_id = text_of(rows, row, 9);
  hit.customer = text_of(rows, row, 10);
  hit.agent = text_of(rows, row, 11);
}

// The best are few: what they say is read afterwards. One that has gone meanwhile is left out.
Status fill_in(Store& store, const TurnSearch& search, std::vector<TurnHit>& hits, Duration deadline) {
  if (hits.empty()) return {};
  std::map<std::pair<Id, std::int64_t>, TurnHit*> wanted;
  SqlText sql;
  std::vector<std::string> ids;
  TurnSearch narrow = search;
  narrow.from = Instant::max(), narrow.to = Instant::min();
  for (TurnHit& hit : hits) {
    wanted[{hit.call_id, hit.turn_number}] = &hit;
    ids.push_back(fmt::format("CAST({} AS UUID)", sql.bind(to_string(hit.call_id))));
    narrow.from = std::min(narrow.from, hit.time), narrow.to = std::max(narrow.to, hit.time + Duration(1));
  }
  const std::string text = fmt::format(
      "SELECT t.call_id, t.turn_number, t.speaker, t.text_content, t.intent, t.emotion, t.state, t.sentiment_score, t.topics, "
      "c.external_call_id, c.customer_id, c.external_agent_id FROM {} WHERE {} AND t.call_id IN ({})",
      turns_with_calls(narrow), turn_condition(narrow, sql), fmt::join(ids, ", "));
  auto rows = store.sql(text, sql.params(), deadline);
  if (!rows) return std::unexpected(rows.error());
  for (;;) {
    const auto more = (*rows)->next();
    if (!more) return std::unexpected(more.error());
    if (!*more) break;
    for (std::size_t row = 0; row < (*rows)->row_count(); ++row) {
      const Cell id = (*rows)->cell(row, 0);
      if (!std::holds_alternative<Id>(id)) return fail(Code::corrupt, "a call's id is no id");
      const auto at = wanted.find({std::get<Id>(id), as_integer((*rows)->cell(row, 1)).value_or(-1)});
      if (at == wanted.end()) continue;
      read_details(**rows, row, *at->second);
      wanted.erase(at);
    }
  }
  for (const auto& [key, hit] : wanted) hit->call_id = {};
  std::erase_if(hits, [](const TurnHit& hit) { return hit.call_id.empty(); });
  return {};
}

}  // namespace

Result<TurnMatches> search_turns(Store& store, const TurnSearch& search, Duration deadline) {
  const std::shared_ptr<Store> whole = store_for(store, search.from, search.to);  // with what was archived
  Store& from = *whole;
  if (from.dialect() == Dialect::memory) return search_rows(from, search);
  const bool words = search.by == TurnSearch::By::words;
  auto found = words ? search_words_by_sql(from, search, deadline) : search_vectors_by_sql(from, search, deadline);
  if (!found) return found;
  AYBIZA_TRY(fill_in(from, search, found->hits, deadline));
  return found;
}

}  // namespace aybiza
