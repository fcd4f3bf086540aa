// Searching turns by words: the engine finds the texts that may hold them, what they hold is read here.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/limits.h"
#include "query/turn_filters.h"
#include "text/search_words.h"

namespace aybiza {
namespace {

struct Candidate {
  TurnHit hit;
  double length = 0;
  std::vector<std::uint32_t> counts;
};

// Holds for every text that has one of the words (or all), and for some others.
std::string may_hold(const TurnSearch& search, SqlText& sql) {
  std::vector<std::string> words;
  for (const std::string& word : search.words) {
    std::vector<std::string> traces;
    for (const std::string& trace : traces_of(word))
      traces.push_back(fmt::format("replace(replace(lower(t.text_content), '''', ''), '\xE2\x80\x99', '') LIKE {}", sql.bind("%" + trace + "%")));
    words.push_back(fmt::format("({})", fmt::join(traces, " OR ")));
  }
  return fmt::format("({})", fmt::join(words, search.every_word ? " AND " : " OR "));
}

Status read_range(Store& store, const TurnSearch& search, Duration deadline, TurnMatches& out, double& mean_length) {
  SqlText sql;
  const std::string text = fmt::format("SELECT count(*), avg(CAST(length(t.text_content) AS DOUBLE PRECISION)) FROM {} WHERE {} AND t.text_content IS NOT NULL",
                                       turns_with_calls(search), turn_condition(search, sql));
  auto rows = store.sql(text, sql.params(), deadline);
  if (!rows) return std::unexpected(rows.error());
  const auto more = (*rows)->next();
  if (!more) return std::unexpected(more.error());
  if (*more) out.turns = std::uint64_t(as_integer((*rows)->cell(0, 0)).value_or(0)), mean_length = as_real((*rows)->cell(0, 1)).value_or(1);
  return {};
}

Status read_candidates(Store& store, const TurnSearch& search, Duration deadline, TurnMatches& out, std::vector<Candidate>& found) {
  SqlText sql;
  const std::string text = fmt::format("SELECT t.call_id, t.turn_number, t.time, t.text_content FROM {} WHERE {} AND {} ORDER BY t.time DESC, t.call_id, t.turn_number LIMIT {}",
                                       turns_with_calls(search), turn_condition(search, sql), may_hold(search, sql), limits::search_scanned_turns + 1);
  auto rows = store.sql(text, sql.params(), deadline);
  if (!rows) return std::unexpected(rows.error());
  std::size_t read = 0;
  for (;;) {
    const auto more = (*rows)->next();
    if (!more) return std::unexpected(more.error());
    if (!*more) return {};
    for (std::size_t row = 0; row < (*rows)->row_count(); ++row) {
      if (++read > limits::search_scanned_turns) {
        out.complete = false;
        continue;
      }
      const Cell id = (*rows)->cell(row, 0), time = (*rows)->cell(row, 2), said = (*rows)->cell(row, 3);
      if (!std::holds_alternative<Id>(id) || !std::holds_alternative<Instant>(time) || !std::holds_alternative<std::string_view>(said))
        return fail(Code::corrupt, "a turn is not what it should be");
      Candidate candidate;
      const auto words = std::get<std::string_view>(said);
      if (!count_words(search, words, candidate.counts)) continue;
      candidate.hit.call_id = std::get<Id>(id);
      candidate.hit.turn_number = as_integer((*rows)->cell(row, 1)).value_or(0);
      candidate.hit.time = std::get<Instant>(time);
      candidate.length = double(characters(words));
      found.push_back(std::move(candidate));
    }
  }
}

}  // namespace

Result<TurnMatches> search_words_by_sql(Store& store, const TurnSearch& search, Duration deadline) {
  TurnMatches out;
  double mean_length = 1;
  std::vector<Candidate> found;
  AYBIZA_TRY(read_range(store, search, deadline, out, mean_length));
  AYBIZA_TRY(read_candidates(store, search, deadline, out, found));
  std::vector<std::uint64_t> turns_with(search.words.size());
  for (const Candidate& candidate : found)
    for (std::size_t w = 0; w < turns_with.size(); ++w) turns_with[w] += candidate.counts[w] != 0 ? 1 : 0;
  const Bm25 bm25(std::max<std::uint64_t>(out.turns, found.size()), mean_length, turns_with);  // turns may have come between the two
  for (Candidate& candidate : found) {
    candidate.hit.score = bm25.score(candidate.counts, candidate.length);
    out.hits.push_back(std::move(candidate.hit));
  }
  out.looked_at = found.size();
  rank(out.hits, search.hits);
  return out;
}

}  // namespace aybiza
