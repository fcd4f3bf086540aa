#include "store/postgres_batch.h"

#include <algorithm>
#include <unordered_set>

#include "store/export.h"
#include "store/late.h"
#include "store/postgres_archive.h"
#include "store/postgres_select.h"
#include "store/postgres_write.h"

namespace aybiza {
namespace {

constexpr Duration gap_within_a_deletion = std::chrono::hours(1);

// A cell as JSON, from the bytes that would have been sent. Of a text that is no UTF-8 every byte is told apart.
void append_cell_json(std::string& out, std::string_view cell, SqlType type) {
  const std::string_view bytes = cell.substr(4);
  if (read_integer(cell.substr(0, 4)) < 0) {
    out += "null";
  } else if (type == SqlType::text) {
    std::string ascii;
    append_json_text(ascii, bytes);
    for (const char c : ascii) {
      if (static_cast<unsigned char>(c) < 0x80) out += c;
      else out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    }
  } else if (type == SqlType::time) {
    out += '"' + format_rfc3339(read_time(bytes)) + '"';
  } else if (type == SqlType::id) {
    out += '"' + to_string(read_id(bytes)) + '"';
  } else if (type == SqlType::integer) {
    out += std::to_string(read_integer(bytes));
  } else if (type == SqlType::real) {
    out += fmt::format("\"{}\"", read_real(bytes));
  } else if (type == SqlType::boolean) {
    out += bytes[0] != 0 ? "true" : "false";
  } else if (const Cell number = read_numeric(bytes); type_of(type) == PgType::numeric && std::holds_alternative<Decimal>(number)) {
    out += to_string(std::get<Decimal>(number));
  } else {
    out += fmt::format("\"{} bytes\"", bytes.size());
  }
}

template <typename Row>
std::string as_json(const Row& row) {
  std::string out = "{";
  for (const Column<Row>& column : columns_of<Row>()) {
    std::string cell;
    CellWriter writer(cell, column.type);
    column.send(writer, 0, row);
    out.append(out.size() == 1 ? "\"" : ",\"").append(column.name).append("\":");
    append_cell_json(out, cell, column.type);
  }
  out += '}';
  if (out.size() > limits::poison_data_bytes) out.resize(limits::poison_data_bytes);
  return out;
}

class BatchWriter {
 public:
  BatchWriter(PostgresConnection& writer, const std::string& node, std::uint64_t offset, const BatchWriting& how, BatchOutcome& outcome)
      : writer_(writer), node_(node), offset_(offset), how_(how), outcome_(outcome) {}

  Status write(const RowBatch& batch) {
    AYBIZA_TRY(replace<CallRow>(Table::call_analytics, batch.calls, "t.call_id = old.call_id", &CallRow::start,
                                [](const CallRow& row) { return row.stored_start; }));
    AYBIZA_TRY(replace<TurnRow>(Table::conversation_turns, batch.turns, "t.call_id = old.call_id AND t.turn_number = old.turn_number",
                                &TurnRow::time, [](const TurnRow& row) { return row.stored_time; }));
    AYBIZA_TRY(replace<UsageRow>(Table::usage_events, batch.usage, "t.event_id = old.event_id", &UsageRow::time,
                                 [](const UsageRow& row) { return row.stored || row.removed ? std::optional(row.time) : std::nullopt; }));
    AYBIZA_TRY(insert(Table::interventions, batch.interventions));
    AYBIZA_TRY(insert(Table::system_performance_metrics, batch.system));
    AYBIZA_TRY(insert(Table::agent_status, batch.agent_status));
    AYBIZA_TRY(add_series(batch.metric_series));
    AYBIZA_TRY(append(Table::metric_values, all_of(batch.metric_points)));  // as they come: of one series in the order of the log
    AYBIZA_TRY(append(Table::metric_distributions, all_of(batch.metric_distributions)));
    AYBIZA_TRY(insert(Table::learning_events, batch.learning));
    AYBIZA_TRY(insert(Table::change_events, batch.changes));
    AYBIZA_TRY(insert(Table::raw_events, batch.raw));
    return replace_rollups(batch.rollups);
  }

 private:
  template <typename Row>
  using Pointers = std::vector<const Row*>;

  template <typename Row>
  static Pointers<Row> all_of(const std::vector<Row>& rows) {
    Pointers<Row> out;
    out.reserve(rows.size());
    for (const Row& row : rows) {
      if constexpr (requires { row.removed; })
        if (row.removed) continue;
      out.push_back(&row);
    }
    return out;
  }

  template <typename Row, typename Time>
  static Pointers<Row> in_order(const std::vector<Row>& rows, Time Row::*time) {
    Pointers<Row> out = all_of(rows);
    std::ranges::sort(out, {}, [&](const Row* row) { return std::pair(row->*time, row); });
    return out;
  }

  // Deletes by key, then copies; the time range is spelled out so that other partitions are not even looked at. A row of long before the others
  // has a statement of its own, whose range does not hold all the days between.
  template <typename Row, typename Stored>
  Status replace(Table table, const std::vector<Row>& rows, std::string_view same, Instant Row::*time, Stored stored) {
    std::vector<std::pair<Instant, const Row*>> places;
    for (const Row& row : rows)
      if (const std::optional<Instant> at = stored(row)) places.emplace_back(*at, &row);
    std::ranges::sort(places);
    const auto keys = stored_keys_of<Row>();
    Pointers<Row> old;
    for (auto first = places.begin(), last = first; first != places.end(); first = last) {
      for (last = first + 1; last != places.end() && last->first - (last - 1)->first <= gap_within_a_deletion;) ++last;
      const std::string statement = fmt::format(
          "DELETE FROM {} t USING {} WHERE t.time = old.time AND {} AND t.time >= make_timestamptz({}::BIGINT) AND t.time <= make_timestamptz({}::BIGINT)",
          to_string(table), unnested(keys), same, to_micros(first->first), to_micros((last - 1)->first));
      Pointers<Row> near;
      for (auto at = first; at != last; ++at) near.push_back(at->second);
      AYBIZA_TRY(each(table, near, [&](std::span<const Row* const> some) { return with_arrays<Row>(writer_, statement, keys, some); }));
      old.insert(old.end(), near.begin(), near.end());
    }
    if (!places.empty() && places.front().first < how_.archived_before) {
      const std::string noted = note_replaced_text(table, column_names(keys), unnested(keys));
      AYBIZA_TRY(each(table, old, [&](std::span<const Row* const> some) { return with_arrays<Row>(writer_, noted, keys, some); }));
    }
    return append(table, in_order(rows, time));
  }

  // Rollups carry no "stored" mark: a bucket's row is replaced whenever it is written.
  Status replace_rollups(const std::vector<RollupRow>& rows) {
    const auto keys = stored_keys_of<RollupRow>();
    const Pointers<RollupRow> sorted = in_order(rows, &RollupRow::bucket);
    const std::string statement = fmt::format(
        "DELETE FROM rollups t USING {} WHERE t.bucket = old.bucket AND t.step_seconds = old.step_seconds AND t.dimension = old.dimension "
        "AND t.customer_id IS NOT DISTINCT FROM old.customer_id AND t.value IS NOT DISTINCT FROM old.value", unnested(keys));
    AYBIZA_TRY(each(Table::rollups, sorted,
                    [&](std::span<const RollupRow* const> some) { return with_arrays<RollupRow>(writer_, statement, keys, some); }));
    return append(Table::rollups, sorted);
  }

  // A series is told again after a restart and after it was silent: the first word stays.
  Status add_series(const std::vector<MetricSeriesRow>& rows) {
    const auto columns = columns_of<MetricSeriesRow>();
    const std::string names = column_names(columns);
    const std::string statement =
        fmt::format("INSERT INTO metric_series ({0}) SELECT DISTINCT ON (series) {0} FROM {1} "
                    "WHERE NOT EXISTS (SELECT FROM metric_series t WHERE t.series = old.series)", names, unnested(columns));
    return each(Table::metric_series, all_of(rows), [&](std::span<const MetricSeriesRow* const> some) {
      return with_arrays<MetricSeriesRow>(writer_, statement, columns, some);
    });
  }

  template <typename Row>
  Status insert(Table table, const std::vector<Row>& rows) {
    return append(table, in_order(rows, &Row::time));
  }

  template <typename Row>
  Status append(Table table, Pointers<Row> rows) {
    std::erase_if(rows, [&](const Row* row) { return refused_.contains(row); });
    return each(table, rows, [&](std::span<const Row* const> some) -> Status {
      std::uint64_t out_of_range = 0;
      AYBIZA_TRY(insert_rows<Row>(writer_, table, some, out_of_range));
      outcome_.out_of_range += out_of_range;
      return {};
    });
  }

  // All at once, or, where care is taken, in ever smaller parts as long as the server refuses the data.
  template <typename Row, typename Attempt>
  Status each(Table table, std::span<const Row* const> rows, const Attempt& attempt) {
    if (rows.empty()) return {};
    if (!how_.careful) return attempt(rows);
    AYBIZA_TRY(writer_.script("SAVEPOINT part"));
    const Status done = attempt(rows);
    if (done) return writer_.script("RELEASE SAVEPOINT part");
    if (!writer_.data_refused()) return done;
    AYBIZA_TRY(writer_.script("ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part"));
    if (rows.size() == 1) return set_aside(table, *rows[0], done.error().message);
    AYBIZA_TRY(each(table, rows.first(rows.size() / 2), attempt));
    return each(table, rows.subspan(rows.size() / 2), attempt);
  }
  template <typename Row, typename Attempt>
  Status each(Table table, const Pointers<Row>& rows, const Attempt& attempt) {
    return each(table, std::span<const Row* const>(rows), attempt);
  }

  template <typename Row>
  Status set_aside(Table table, const Row& row, std::string_view reason) {
    if (!refused_.insert(&row).second) return {};
    ++outcome_.set_aside;
    const std::string data = as_json(row);
    const auto done = writer_.run("INSERT INTO poison_rows (node, event_offset, table_name, reason, data) VALUES ($1, $2, $3, $4, $5)",
                                  {std::string_view(node_), std::int64_t(offset_), to_string(table), reason, std::string_view(data)});
    if (!done) return wrap(done.error(), "setting a row aside");
    return {};
  }

  PostgresConnection& writer_;
  const std::string& node_;
  const std::uint64_t offset_;
  const BatchWriting how_;
  BatchOutcome& outcome_;
  std::unordered_set<const void*> refused_;
};

}  // namespace

Result<std::pair<Instant, Instant>> stored_range(PostgresConnection& connection) {
  std::pair<Instant, Instant> out{Instant::max(), Instant::min()};
  for (const Table table : {Table::call_analytics, Table::conversation_turns, Table::usage_events, Table::rollups})
    for (const std::string_view end : {"min", "max"}) {
      const auto at = connection.integer(fmt::format("SELECT epoch_us({}({})) FROM {}", end, time_column(table), to_string(table)));
      if (!at) return std::unexpected(at.error());
      if (!*at) continue;
      out.first = std::min(out.first, from_micros(**at));
      out.second = std::max(out.second, from_micros(**at));
    }
  return out;
}

Status write_batch(PostgresConnection& writer, const RowBatch& batch, const PriceBook& prices, const std::string& node, const BatchWriting& how,
                   BatchOutcome& outcome) {
  BatchWriter rows(writer, node, batch.to, how, outcome);
  if (batch.late.empty()) {
    outcome.minutes = changed_minutes(batch);
    return rows.write(batch);
  }
  auto stored = select_calls(writer, needs_of(batch));
  if (!stored) return wrap(stored.error(), "reading the calls of late events");
  const RowBatch whole = with_late(batch, std::move(*stored), prices);
  outcome.minutes = changed_minutes(whole);
  return rows.write(whole);
}

}  // namespace aybiza
