// The store seam: finished rows go in exactly once, history comes out.
//
// Shape    apply() writes a RowBatch and applied = batch.to in one transaction. History is read in three ways:
//          rows() gives the merged rows back as a RowBatch (every engine); sql() asks an engine that speaks SQL;
//          export_table() streams a published table. Engines: memory (everybody's rival), duckdb (default),
//          postgres (a server, --store postgres://…).
// Units    in memory those of model/rows.h, in SQL those of docs/sql.md (ms, USD, scores as DECIMAL).
// Errors   conflict: the batch does not follow `applied` (nothing was written). unavailable: busy or out of time, a
//          retry may work. unsupported: this engine has no SQL, or the store was written by a newer version.
//          A failed apply() leaves rows and `applied` as they were.
// Cost     apply() commits with one fsync: hand it thousands of rows. rows() copies: for one call, for rollups, and
//          for tests; reports use sql().
// Threads  apply(), put_rollups(), mark_rollups(), checkpoint(), forget() from one writer thread at a time (guarded by a lock); everything else from
//          any thread, beside the writer. Readers see whole batches only.
// Source   reliability.md 3.1 rules 6, 7; storage.md 1; decisions.md 3, 4, 10, 16, 24, 26.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "assemble/price_book.h"
#include "base/ids.h"
#include "base/status.h"
#include "base/units.h"
#include "model/rows.h"
#include "store/answer.h"
#include "store/changed.h"

namespace aybiza {

enum class Dialect : std::uint8_t { memory, duckdb, postgres };

enum class Table : std::uint8_t {
  call_analytics, conversation_turns, usage_events, interventions, system_performance_metrics, agent_status,
  metric_series, metric_values, metric_distributions, learning_events, change_events, raw_events, rollups,
};
inline constexpr std::size_t table_count = std::size_t(Table::rollups) + 1;
std::string_view to_string(Table table);  // the published name
constexpr std::uint16_t bit(Table table) { return std::uint16_t(1u << unsigned(table)); }
inline constexpr std::uint16_t all_tables = (1u << table_count) - 1;

// Which rows are meant. Everything that is left at its default does not restrict. Restrictions that a table has no
// column for (call on metric_values, time on metric_series, customer on conversation_turns, …) leave that table out, except that `customer`
// with `call` restricts the call and through it its turns, usage and interventions.
struct RowFilter {
  std::uint16_t tables = all_tables;
  Instant from = Instant::min(), to = Instant::max();  // [from, to) of the table's time; rollups: of the bucket
  std::optional<Id> call;
  std::optional<std::string> customer;
  std::optional<Duration> step;          // rollups
  std::optional<std::string> dimension;  // rollups; "" is the total
  // learning_events: also rows before `from` that still count in it: the last sizes of each knowledge graph (apart by its
  // dimensions), and what first told of a pattern.
  bool learning_before = false;
  std::optional<std::string> without_topic;  // conversation_turns: with words, and never asked this version of the topic model
  // call_analytics and usage_events only: calls with usage in the range whose sender did not tell its cost, with everything of theirs.
  struct Rated {
    Instant from, to;
    std::string customer;  // empty: any
  };
  std::optional<Rated> rated;
};

struct StoreStats {
  std::string engine, version;
  std::uint64_t applied = 0;
  std::uint64_t checkpointed = 0;  // survives the loss of the engine's own log: the spool must reach back to here
  std::uint64_t batches = 0, rows = 0;        // written since start
  std::uint64_t values_out_of_range = 0;      // did not fit their column and were stored as NULL
  std::uint64_t rows_set_aside = 0;           // refused by the engine for what they hold: they are in poison_rows
  std::uint64_t file_bytes = 0, log_bytes = 0;
  std::uint64_t rollups_waiting = 0;  // minutes, hours and days that have changed since their rollup was made
  std::uint64_t reopened = 0;         // how often the engine's file was opened anew since start, because a transaction was in doubt
  std::string repaired;  // what had to be set aside at start, for the operator; empty: nothing
};

// Rows that retention moved into a Parquet file.
struct ArchivedSlice {
  Table table{};
  Instant from{}, to{};
  std::string file;  // below the archive's folder
  std::uint64_t rows = 0;
  std::vector<std::string> replaced;  // files whose rows are in this one now
};

// How far turns have been given the vectors of a topic model.
struct TopicStep {
  std::uint64_t turns = 0;        // in this step: perhaps none
  std::optional<Instant> next;    // where to go on; empty: there are no turns from there on
};

enum class ExportFormat : std::uint8_t { csv, ndjson, parquet };
using ByteSink = std::function<Status(std::string_view)>;  // an error ends the export

inline constexpr Duration no_deadline = Duration::max();

struct ExportOptions {
  Duration deadline = no_deadline;   // on the clock's elapsed() axis
  std::function<bool()> stop = {};   // asked from the exporting thread, often: the client left, and the engine's work ends with unavailable
  std::uint64_t* as_of = nullptr;    // told before the first byte: the offset of which all that is exported is
};

// The embedded engine's file as it was at a checkpoint, for a backup. While it lives no other checkpoint is made, unless the
// engine's log grows over limits::backup_log_bytes: then the copy is broken.
class StoreCopy {
 public:
  virtual ~StoreCopy() = default;
  virtual std::string_view name() const = 0;      // in the data directory
  virtual std::uint64_t bytes() const = 0;
  virtual std::uint64_t applied() const = 0;      // the offset that its rows stand for
  virtual Result<std::size_t> read(std::span<char> into, std::uint64_t at) const = 0;  // any thread
  virtual Status intact() const = 0;              // asked after the last byte: what was read is what it was
};

class Store {
 public:
  virtual ~Store() = default;
  virtual Dialect dialect() const = 0;
  virtual StoreStats stats() const = 0;  // no question to the engine; cheap

  virtual Result<std::uint64_t> applied() = 0;
  virtual Status apply(const RowBatch& batch) = 0;
  // By which late usage is priced that apply() is given from here on; the writer's.
  void use_prices(PriceBook book) { prices_ = std::move(book); }

  // The rows that `filter` means, in (time, id) order of each table, stored_start and stored_time filled in.
  // `from` is 0, `to` the offset the answer was cut at.
  virtual Result<RowBatch> rows(const RowFilter& filter) = 0;
  // One call by our id or by the sender's, with its turns, usage and interventions; among several customers' calls of
  // the same external id the latest. calls is empty when there is none. `customer` empty: any.
  virtual Result<RowBatch> find_call(std::string_view id, std::string_view customer) = 0;

  // `deadline` is on the clock's elapsed() axis.
  virtual Result<std::unique_ptr<Rows>> sql(std::string_view text, std::span<const Param> params,
                                            Duration deadline = no_deadline) = 0;
  // `table` is a published table or view by name; all of it is read in one snapshot. CSV cells that a spreadsheet would take for a formula get a leading
  // apostrophe if they are text.
  virtual Status export_table(std::string_view table, ExportFormat format, Instant from, Instant to,
                              const ByteSink& sink, const ExportOptions& options = {}) = 0;

  // Whether calls were ever stored that stand for several (CallRow::sample_weight): who adds rows up must weigh them then.
  bool samples() const { return samples_; }

  // Rollups (query/rollup_repair.h makes them). An engine that keeps them marks what a batch changes in its transaction.
  virtual bool keeps_rollups() const { return false; }
  virtual std::vector<DirtyBucket> dirty_rollups() const { return {}; }
  virtual Instant rollup_floor() const { return Instant::min(); }  // rollups of before it are all that is left of their rows
  // What the claims' buckets hold is `rows`, from now on; claims whose buckets have changed since they were told are left out.
  virtual Status put_rollups(std::span<const DirtyBucket> claims, const std::vector<RollupRow>& rows);
  // Marks every bucket with rows or rollups in [from, to), so that it is made anew.
  virtual Status mark_rollups(Instant from, Instant to);

  // About `limit` turns with words that were never asked this version of the topic model, the oldest from `from` on: `make` fills
  // topic_vector in. One transaction; no figure and no rollup follows from it.
  using MakeTopic = std::function<void(TurnRow&)>;
  virtual Result<TopicStep> renew_topics(std::string_view version, const MakeTopic& make, Instant from, std::size_t limit);
  // Builds the indexes of nearest neighbours anew, or drops them: what was done. Takes as long as it takes; rows may wait meanwhile.
  virtual Result<std::string> index_vectors(bool drop);

  // unsupported: the engine has no file of its own. REQUIRES: one at a time, and the store outlives it.
  virtual Result<std::unique_ptr<StoreCopy>> begin_copy();
  // The program ends: questions end where they are, and who waits for a server that says nothing gives up soon. What is not written
  // stays in the log. Any thread.
  virtual void closing() {}
  virtual Status checkpoint() = 0;  // afterwards stats().checkpointed == applied
  // Retention: deletes what is older; answers how many rows went. Rollups outlive the rows they were made of.
  virtual Result<std::uint64_t> forget(Table table, Instant before) = 0;
  virtual Result<std::uint64_t> forget_rollups(Duration step, Instant before);  // of one step
  // Moves the rows of [from, to), late ones of earlier slices with them, into a file; at every moment a row is in one of both.
  virtual Result<ArchivedSlice> archive(Table table, Instant from, Instant to);
  virtual std::string archive_folder() const { return {}; }
  // The same store, whose reading functions see what was archived too; itself where nothing was. It is asked about [from, to), and may
  // know nothing of other times; it speaks the dialect it says.
  virtual std::shared_ptr<Store> with_archive(Instant /*from*/, Instant /*to*/) { return itself(); }
  virtual Instant archived_before() const { return Instant::min(); }  // rows before it may be in the archive alone

  // Before which rows are nowhere any more: said before they go, so that no answer takes them for none. Any thread.
  Instant gone_before(Table table) const;
  Instant rollups_gone_before(Duration step) const;
  void raise_gone(Table table, Instant before);
  void raise_rollups_gone(Duration step, Instant before);

 protected:
  std::shared_ptr<Store> itself() { return {std::shared_ptr<Store>(), this}; }  // owned by nobody
  void see_samples(const RowBatch& batch) {  // before the batch can be read
    for (const CallRow& call : batch.calls)
      if (call.sample_weight) samples_ = true;
  }
  static constexpr std::string_view samples_sql = "SELECT count(*) FROM (SELECT 1 FROM call_analytics WHERE sample_weight IS NOT NULL LIMIT 1) one";

  std::atomic<bool> samples_{false};  // only ever set
  PriceBook prices_ = PriceBook::built_in();

 private:
  // Microseconds, 0: nothing. The last three: rollups by step. Each is a figure of its own, so their order does not matter.
  std::array<std::atomic<std::int64_t>, table_count + 3> gone_{};
};

}  // namespace aybiza
