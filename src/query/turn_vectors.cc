// Searching turns by their vectors: in the engine where it can compare them, else here.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "base/limits.h"
#include "query/turn_filters.h"
#include "store/postgres_cells.h"
#include "text/topic_model.h"

namespace aybiza {
namespace {

struct Asked {
  const TurnSearch& search;
  std::string column;  // "t.topic_vector"
  std::string numbers;  // "[0.5,1]"
  explicit Asked(const TurnSearch& s)
      : search(s), column(s.by == TurnSearch::By::topic ? "t.topic_vector" : "t.text_embedding"), numbers(fmt::format("[{}]", fmt::join(s.vector, ","))) {}

  std::string condition(SqlText& sql) const {
    std::string out = turn_condition(search, sql);
    if (search.by == TurnSearch::By::topic) out += " AND t.topic_version = " + sql.bind(search.version);
    return out;
  }
};

Status read_counts(Store& store, const Asked& asked, std::string_view size, Duration deadline, TurnMatches& out) {
  SqlText sql;
  std::string of_version = fmt::format("{}({}) = {}", size, asked.column, asked.search.vector.size());
  if (asked.search.by == TurnSearch::By::topic) of_version += " AND t.topic_version = " + sql.bind(asked.search.version);
  const std::string text = fmt::format("SELECT count(*), count(*) FILTER (WHERE {}) FROM {} WHERE {} AND {} IS NOT NULL", of_version,
                                       turns_with_calls(asked.search), turn_condition(asked.search, sql), asked.column);
  auto rows = store.sql(text, sql.params(), deadline);
  if (!rows) return std::unexpected(rows.error());
  const auto more = (*rows)->next();
  if (!more) return std::unexpected(more.error());
  if (*more) out.turns = std::uint64_t(as_integer((*rows)->cell(0, 0)).value_or(0)), out.looked_at = std::uint64_t(as_integer((*rows)->cell(0, 1)).value_or(0));
  return {};
}

// Rows of call, turn number, time and what `score` makes of the fourth column; nullopt: no hit.
template <typename Score>
Status read_hits(Store& store, const std::string& text, const SqlText& sql, Duration deadline, std::vector<TurnHit>& hits, const Score& score) {
  auto rows = store.sql(text, sql.params(), deadline);
  if (!rows) return std::unexpected(rows.error());
  for (;;) {
    const auto more = (*rows)->next();
    if (!more) return std::unexpected(more.error());
    if (!*more) return {};
    for (std::size_t row = 0; row < (*rows)->row_count(); ++row) {
      const Cell id = (*rows)->cell(row, 0), time = (*rows)->cell(row, 2);
      if (!std::holds_alternative<Id>(id) || !std::holds_alternative<Instant>(time)) return fail(Code::corrupt, "a turn is not what it should be");
      const std::optional<double> value = score((*rows)->cell(row, 3));
      if (!value || std::isnan(*value)) continue;
      TurnHit& hit = hits.emplace_back();
      hit.call_id = std::get<Id>(id), hit.time = std::get<Instant>(time);
      hit.turn_number = as_integer((*rows)->cell(row, 1)).value_or(0);
      hit.score = *value;
    }
  }
}

Result<TurnMatches> in_duckdb(Store& store, const Asked& asked, Duration deadline) {
  TurnMatches out;
  AYBIZA_TRY(read_counts(store, asked, "len", deadline, out));
  SqlText sql;
  const std::string condition = asked.condition(sql);
  const std::string text = fmt::format(
      "SELECT call_id, turn_number, time, score FROM (SELECT t.call_id, t.turn_number, t.time, "
      "CASE WHEN len({0}) = {1} AND list_inner_product({0}, {0}) > 0 THEN CAST(list_cosine_similarity({0}, CAST({2} AS FLOAT[])) AS DOUBLE) END AS score FROM {3} WHERE {4} AND {0} IS NOT NULL) scored "
      "WHERE score <= 2 AND score >= -2 ORDER BY score DESC, time DESC, call_id, turn_number LIMIT {5}",
      asked.column, asked.search.vector.size(), sql.bind(asked.numbers), turns_with_calls(asked.search), condition, asked.search.hits);
  AYBIZA_TRY(read_hits(store, text, sql, deadline, out.hits, as_real));
  rank(out.hits, asked.search.hits);
  return out;
}

// Where pgvector lives and which of its indexes are whole; nullopt: it is not in this database.
struct PgVector {
  std::string home;
  bool indexed = false;
};

Result<std::optional<PgVector>> pgvector_of(Store& store, const Asked& asked, Duration deadline) {
  SqlText sql;
  const std::string index = sql.bind(asked.search.by == TurnSearch::By::topic ? "conversation_turns_topic_hnsw" : "conversation_turns_embedding_hnsw");
  auto rows = store.sql(fmt::format("SELECT quote_ident(n.nspname), (SELECT count(*) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE x.relname = {} AND "
                                    "x.relnamespace = current_schema()::regnamespace AND i.indisvalid) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace "
                                    "WHERE e.extname = 'vector'", index), sql.params(), deadline);
  if (!rows) return std::unexpected(rows.error());
  const auto more = (*rows)->next();
  if (!more) return std::unexpected(more.error());
  if (!*more) return std::nullopt;
  const Cell home = (*rows)->cell(0, 0);
  const auto* name = std::get_if<std::string_view>(&home);
  return name ? std::optional(PgVector{std::string(*name), as_integer((*rows)->cell(0, 1)).value_or(0) != 0}) : std::nullopt;
}

Status in_pgvector(Store& store, const Asked& asked, const PgVector& pgvector, bool by_index, Duration deadline, std::vector<TurnHit>& hits) {
  SqlText sql;
  const std::string condition = asked.condition(sql);
  const std::string type = fmt::format("{}.vector({})", pgvector.home, asked.search.vector.size());
  const std::string distance = fmt::format("({}::{} OPERATOR({}.<=>) {}::text::{})", asked.column, type, pgvector.home, sql.bind(asked.numbers), type);
  // An expression about a distance is no distance, so the index does not answer it.
  const std::string text = fmt::format("SELECT t.call_id, t.turn_number, t.time, 1 - {0} FROM {1} WHERE {2} AND cardinality({3}) = {4} ORDER BY {0}{5} LIMIT {6}", distance,
                                       turns_with_calls(asked.search), condition, asked.column, asked.search.vector.size(), by_index ? "" : " + 0", asked.search.hits);
  return read_hits(store, text, sql, deadline, hits, as_real);
}

// array_send(): dimensions, flags and type of the elements, the dimension's length and lower bound; then the elements.
std::optional<double> cosine_to_sent(const Cell& sent, const std::vector<float>& vector) {
  const auto* blob = std::get_if<Blob>(&sent);
  if (!blob) return std::nullopt;
  const std::string floats = CellReader(blob->bytes.data(), int(blob->bytes.size()), SqlType::floats).floats(0);
  return cosine_of(floats_of(floats), vector);
}

Status in_plain_postgres(Store& store, const Asked& asked, Duration deadline, TurnMatches& out) {
  SqlText sql;
  const std::string condition = asked.condition(sql);
  const std::string text = fmt::format("SELECT t.call_id, t.turn_number, t.time, array_send({0}) FROM {1} WHERE {2} AND cardinality({0}) = {3} ORDER BY t.time DESC LIMIT {4}", asked.column,
                                       turns_with_calls(asked.search), condition, asked.search.vector.size(), limits::search_scanned_turns);
  out.complete = out.looked_at <= limits::search_scanned_turns;
  return read_hits(store, text, sql, deadline, out.hits, [&](const Cell& cell) { return cosine_to_sent(cell, asked.search.vector); });
}

Result<TurnMatches> in_postgres(Store& store, const Asked& asked, Duration deadline) {
  TurnMatches out;
  const auto pgvector = pgvector_of(store, asked, deadline);
  if (!pgvector) return std::unexpected(pgvector.error());
  AYBIZA_TRY(read_counts(store, asked, "cardinality", deadline, out));
  out.index = *pgvector && (*pgvector)->indexed && !asked.search.exact;
  if (!*pgvector) {
    AYBIZA_TRY(in_plain_postgres(store, asked, deadline, out));
  } else {
    AYBIZA_TRY(in_pgvector(store, asked, **pgvector, out.index, deadline, out.hits));
    if (out.index && out.hits.size() < std::min<std::uint64_t>(asked.search.hits, out.looked_at)) {  // its walk ended before the filters had enough
      out.index = false;
      out.hits.clear();
      AYBIZA_TRY(in_pgvector(store, asked, **pgvector, false, deadline, out.hits));
    }
  }
  rank(out.hits, asked.search.hits);
  return out;
}

}  // namespace

Result<TurnMatches> search_vectors_by_sql(Store& store, const TurnSearch& search, Duration deadline) {
  const Asked asked(search);
  return store.dialect() == Dialect::postgres ? in_postgres(store, asked, deadline) : in_duckdb(store, asked, deadline);
}

}  // namespace aybiza
