#include "store/postgres_with_archive.h"

namespace aybiza {
namespace {

// By which rows of other tables are chosen, too.
constexpr std::uint16_t of_calls = bit(Table::call_analytics) | bit(Table::conversation_turns) | bit(Table::usage_events) | bit(Table::interventions);

// Of an export: what has a snapshot of its own. Series of points are only ever added, so points of one moment find theirs at a later one.
std::optional<Table> table_read_whole(std::string_view name) {
  if (name == "metric_points") return Table::metric_values;
  for (std::size_t i = 0; i < table_count; ++i)
    if (to_string(Table(i)) == name) return Table(i);
  return std::nullopt;
}

class PostgresWithArchive final : public Store {
 public:
  PostgresWithArchive(Store& store, PostgresArchive& archive, Instant from, Instant to) : store_(store), archive_(archive), from_(from), to_(to) {
    samples_ = store.samples() || archive.samples(from, to);
  }
  Dialect dialect() const override { return Dialect::duckdb; }
  StoreStats stats() const override { return store_.stats(); }
  Result<std::uint64_t> applied() override { return store_.applied(); }
  Status apply(const RowBatch&) override { return no_writing(); }

  Result<RowBatch> rows(const RowFilter& filter) override {
    if (filter.call && filter.from == Instant::min()) {
      const auto start = start_of(*filter.call);
      if (!start) return std::unexpected(start.error());
      if (!*start) return RowBatch{};
      return of({.from = **start, .to = **start + Duration(1)}, filter.tables | of_calls, [&](DuckReader& reader) { return reader.rows(filter); });
    }
    return of({.from = filter.from, .to = filter.to}, filter.tables | of_calls, [&](DuckReader& reader) { return reader.rows(filter); });
  }
  Result<RowBatch> find_call(std::string_view id, std::string_view customer) override {
    auto found = store_.find_call(id, customer);
    if (found && found->calls.empty()) found = in_files([&](DuckReader& reader) { return reader.find_call(id, customer); });
    if (!found || found->calls.empty()) return found;
    const Instant start = found->calls[0].start;  // its turns may be in the other place
    RowFilter filter;
    filter.tables = of_calls;
    filter.call = found->calls[0].call_id;
    return of({.from = start, .to = start + Duration(1)}, of_calls, [&](DuckReader& reader) { return reader.rows(filter); });
  }
  Result<std::unique_ptr<Rows>> sql(std::string_view text, std::span<const Param> params, Duration deadline) override {
    if (const Status made = ready(text, deadline); !made) return std::unexpected(made.error());
    return reader_->rows().sql(text, params, deadline);
  }
  Status export_table(std::string_view table, ExportFormat format, Instant from, Instant to, const ByteSink& sink, const ExportOptions& options) override {
    AYBIZA_TRY(ready(table, options.deadline, table_read_whole(table)));
    return reader_->rows().export_table(table, format, from, to, sink, options);
  }
  bool keeps_rollups() const override { return store_.keeps_rollups(); }
  std::vector<DirtyBucket> dirty_rollups() const override { return store_.dirty_rollups(); }
  Status checkpoint() override { return no_writing(); }
  Result<std::uint64_t> forget(Table, Instant) override { return no_writing(); }

 private:
  static std::unexpected<Error> no_writing() { return fail(Code::unsupported, "what is archived is read only"); }

  // The tables that a statement may name are there to be read.
  Status ready(std::string_view text, Duration deadline, std::optional<Table> whole = {}) {
    if (!reader_) {
      auto made = archive_.reader({.from = from_, .to = to_, .deadline = deadline, .whole = whole});
      if (!made) return std::unexpected(made.error());
      reader_ = std::move(*made);
    }
    return reader_->show_named(text);
  }
  template <typename Ask>
  auto of(ArchiveReading reading, std::uint16_t tables, Ask&& ask) -> decltype(ask(std::declval<DuckReader&>())) {
    auto made = archive_.reader(std::move(reading));
    if (!made) return std::unexpected(made.error());
    if (const Status shown = (*made)->show(tables); !shown) return std::unexpected(shown.error());
    return ask((*made)->rows());
  }
  template <typename Ask>
  auto in_files(Ask&& ask) -> decltype(ask(std::declval<DuckReader&>())) {
    return of({.live = false}, of_calls, ask);
  }
  Result<std::optional<Instant>> start_of(const Id& call) {
    RowFilter filter;
    filter.tables = bit(Table::call_analytics);
    filter.call = call;
    auto found = store_.rows(filter);
    if (found && found->calls.empty()) found = in_files([&](DuckReader& reader) { return reader.rows(filter); });
    if (!found) return std::unexpected(found.error());
    return found->calls.empty() ? std::nullopt : std::optional(found->calls[0].start);
  }

  Store& store_;
  PostgresArchive& archive_;
  const Instant from_, to_;
  ArchiveLease reader_;  // lent when something is asked
};

}  // namespace

std::shared_ptr<Store> postgres_with_archive(Store& store, PostgresArchive& archive, Instant from, Instant to) {
  return std::make_shared<PostgresWithArchive>(store, archive, from, to);
}

}  // namespace aybiza
