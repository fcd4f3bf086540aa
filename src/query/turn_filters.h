// Which turns a search means: its range, its filters and whose they are, as SQL and as a question about rows.
//
// Threads  values; any.
#pragma once

#include <string>

#include "query/sql_text.h"
#include "query/turn_search.h"

namespace aybiza {

// "conversation_turns t JOIN call_analytics c ON …"
std::string turns_with_calls(const TurnSearch& search);
// Without WHERE; a value from outside is bound.
std::string turn_condition(const TurnSearch& search, SqlText& sql);

bool means(const TurnSearch& search, const CallRow& call, const TurnRow& turn);

// The score that words found `counts` times give a text of `length` characters.
class Bm25 {
 public:
  // Of `turns` turns of `mean_length` characters, turns_with[i] hold word i.
  Bm25(std::uint64_t turns, double mean_length, std::vector<std::uint64_t> turns_with);
  double score(const std::vector<std::uint32_t>& counts, double length) const;

 private:
  double mean_length_;
  std::vector<double> weights_;
};

// How often each word occurs; false: none does, or not every one where that is asked for.
bool count_words(const TurnSearch& search, std::string_view text, std::vector<std::uint32_t>& counts);

std::size_t characters(std::string_view utf8);
double cosine_of(const std::vector<float>& a, const std::vector<float>& b);  // NaN where one is all zero or their sizes differ

void rank(std::vector<TurnHit>& hits, std::size_t keep);

Result<TurnMatches> search_rows(Store& store, const TurnSearch& search);  // by brute force over rows(): the memory store, and everybody's rival
Result<TurnMatches> search_words_by_sql(Store& store, const TurnSearch& search, Duration deadline);
Result<TurnMatches> search_vectors_by_sql(Store& store, const TurnSearch& search, Duration deadline);

}  // namespace aybiza
