// Finding turns again: by words, by what a text is about, or by a vector of the caller's own.
//
// Shape    words: BM25 over the turns of the range that hold one of them (or all); their statistics are those of the range and the
//          filters, exact where `complete`. topic, embedding: the cosine to the vectors kept with the turns, of one version only.
//          Memory, DuckDB and plain PostgreSQL compare every vector; PostgreSQL with pgvector asks its index where there is one, and
//          falls back to comparing all when that gives fewer hits than were asked for. Best first, then newest, call, turn.
// Units    scores: BM25 (k1 1.2, b 0.75, lengths in characters), or cosines -1 to 1.
// Errors   as Store::sql: unavailable when it takes too long.
// Cost     words and vectors without an index: the turns of the range. At most limits::search_scanned_turns are read out of the engine,
//          the newest; `complete` says whether that was all.
// Threads  any.
// Source   Robertson, Zaragoza, "The probabilistic relevance framework: BM25 and beyond", 2009; docs/search.md.
#pragma once

#include <string>
#include <vector>

#include "store/store.h"

namespace aybiza {

struct TurnFilter {
  std::string name;  // one of turn_filters()
  std::vector<std::string> values;
};

struct TurnSearch {
  enum class By : std::uint8_t { words, topic, embedding };
  By by = By::words;
  std::vector<std::string> words;      // folded: text/search_words.h
  bool every_word = false;
  std::vector<float> vector;           // topic: 100 numbers, embedding: 1536. REQUIRES: finite, not all zero
  std::string version;                 // topic: of the model that made it
  bool exact = false;                  // no index
  std::vector<std::string> customers;  // whose turns may be seen; empty: everybody's
  std::vector<TurnFilter> where;
  Instant from{}, to{};                // of the turns; a call began limits of query/flow.h before
  std::size_t hits = 0;
};

struct TurnHit {
  Id call_id{};
  std::int64_t turn_number = 0;
  Instant time{};
  double score = 0;
  bool agent_speaks = false;
  std::string text, intent, emotion, state, external_call_id, customer, agent;
  Number sentiment_e4;
  std::uint32_t topics = 0;
};

struct TurnMatches {
  std::vector<TurnHit> hits;
  std::uint64_t turns = 0;    // in the range, kept by the filters: with words, or with any topic vector or embedding
  std::uint64_t looked_at = 0;  // those of them that hold a word, or have a vector of this version
  bool complete = true;       // all of `looked_at` were ranked
  bool index = false;         // found by an index of nearest neighbours: some better ones may be missing
};

std::vector<std::string> turn_filters();  // the names a filter may have

Result<TurnMatches> search_turns(Store& store, const TurnSearch& search, Duration deadline);

}  // namespace aybiza
