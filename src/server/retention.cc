#include "server/retention.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "auth/file.h"
#include "base/limits.h"
#include "query/rollup_repair.h"
#include "server/backup_files.h"
#include "store/select.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t slice_rows = 500'000;  // of a day; one with more goes by the hour

bool is_summed_up(Table table) { return table == Table::call_analytics || table == Table::conversation_turns || table == Table::usage_events; }

std::filesystem::path gone_file(const std::filesystem::path& data) { return data / "retention.gone"; }

std::string where_of(const RetentionRule& rule) {
  const std::string_view time = time_column(rule.table);
  const std::string steps = rule.table == Table::rollups ? fmt::format(" AND step_seconds = {}", rule.step / 1s) : "";
  return fmt::format("FROM {} WHERE {} >= $1 AND {} < $2{}", to_string(rule.table), time, time, steps);
}

constexpr Instant ever = from_micros(0);

Result<std::vector<Cell>> one_row(Store& store, const std::string& text, std::span<const Param> params, Duration deadline) {
  auto rows = store.sql(text, params, deadline);
  if (!rows) return std::unexpected(rows.error());
  const auto more = (*rows)->next();
  if (!more) return std::unexpected(more.error());
  std::vector<Cell> out;
  for (std::size_t i = 0; *more && i < (*rows)->columns().size(); ++i) {
    const Cell cell = (*rows)->cell(0, i);
    out.push_back(std::holds_alternative<std::string_view>(cell) ? Cell() : cell);  // texts die with the rows
  }
  return out;
}

}  // namespace

Retention::Retention(Pipeline& pipeline, std::filesystem::path data) : pipeline_(pipeline), data_(std::move(data)) {}

Status Retention::begin() {
  const auto text = auth::read_file(gone_file(data_));
  if (!text && text.error().code != Code::not_found) return std::unexpected(text.error());
  std::istringstream in(text ? *text : std::string());
  for (std::string what, time; in >> what >> time;) {
    const auto rule = parse_retention(what + "\t" + std::to_string(retention_least_days) + "\tdelete\n");
    const auto before = parse_rfc3339(time);
    if ((!rule && rule.error().code != Code::invalid) || !before) return fail(Code::corrupt, "{} is damaged: it says from when on rows are there; restore it", gone_file(data_).string());
    for (std::size_t i = 0; i < table_count; ++i)
      if (to_string(Table(i)) == what) pipeline_.store().raise_gone(Table(i), *before);
    if (rule && !rule->empty() && rule->front().table == Table::rollups) pipeline_.store().raise_rollups_gone(rule->front().step, *before);
  }
  periodic_ = std::make_unique<Periodic>("retention", limits::retention_every, [this] { look(); });
  return {};
}

void Retention::stop() {
  stopping_ = true;
  if (periodic_) periodic_->stop();
}

void Retention::nudge() {
  if (periodic_) periodic_->nudge();
}

RetentionStatus Retention::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

// Whole days, and of what is summed up only what has been.
Retention::Cut Retention::cut_of(const RetentionRule& rule) const {
  Cut cut{floor_to(pipeline_.clock().now() - rule.days * 24h, 24h), {}};
  Store& store = pipeline_.store();
  if (rule.archive && store.archive_folder().empty())
    return {ever, "this store does not write Parquet: export the rows or dump them with the server's own tools, and let the rule say delete"};
  if (rule.table == Table::rollups && !store.keeps_rollups()) return {ever, "this store keeps no rollups"};
  if (!is_summed_up(rule.table)) return cut;
  if (!store.keeps_rollups()) return {ever, "this store keeps no rollups, so figures of the past would go with the rows"};
  for (const DirtyBucket& bucket : store.dirty_rollups())
    if (bucket.bucket < cut.before) cut = {floor_to(bucket.bucket, 24h), "rollups of these days are still to be made"};
  return cut;
}

Result<std::optional<Instant>> Retention::oldest(const RetentionRule& rule, Instant before) const {
  const Param range[] = {ever, before};
  const auto row = one_row(pipeline_.store(), fmt::format("SELECT min({}) {}", time_column(rule.table), where_of(rule)), range, no_deadline);
  if (!row) return std::unexpected(row.error());
  const auto* time = row->empty() ? nullptr : std::get_if<Instant>(&row->front());
  return time ? std::optional(*time) : std::nullopt;
}

Result<std::uint64_t> Retention::count(const RetentionRule& rule, Instant from, Instant to) const {
  const Param range[] = {from, to};
  const auto row = one_row(pipeline_.store(), "SELECT count(*) " + where_of(rule), range, no_deadline);
  if (!row) return std::unexpected(row.error());
  return row->empty() ? 0 : std::uint64_t(as_integer(row->front()).value_or(0));
}

Status Retention::note_gone(const RetentionRule& rule, Instant before) {
  Store& store = pipeline_.store();
  const bool rollups = rule.table == Table::rollups;
  if ((rollups ? store.rollups_gone_before(rule.step) : store.gone_before(rule.table)) >= before) return {};
  if (rollups) store.raise_rollups_gone(rule.step, before);
  else store.raise_gone(rule.table, before);
  std::string text;
  const auto line = [&](std::string_view what, Instant at) {
    if (at != Instant::min()) text += fmt::format("{} {}\n", what, format_rfc3339(at));
  };
  for (std::size_t i = 0; i < table_count; ++i) line(to_string(Table(i)), store.gone_before(Table(i)));
  line("rollups_minute", store.rollups_gone_before(1min)), line("rollups_hour", store.rollups_gone_before(1h)), line("rollups_day", store.rollups_gone_before(24h));
  return auth::replace_file(gone_file(data_), text, 0600);
}

// <archive>/manifest.tsv: a line a file, written anew as a whole.
Status Retention::write_manifest(const ArchivedSlice& slice) const {
  const std::filesystem::path folder = pipeline_.store().archive_folder(), manifest = folder / "manifest.tsv";
  const auto old = auth::read_file(manifest);
  if (!old && old.error().code != Code::not_found) return std::unexpected(old.error());
  std::string text = "# file\trows\tbytes\tblake2b\n";
  std::istringstream in(old ? *old : std::string());
  for (std::string line; std::getline(in, line);)
    if (!line.empty() && line.front() != '#' && std::ranges::find(slice.replaced, line.substr(0, line.find('\t'))) == slice.replaced.end()) text += line + "\n";
  const auto digest = file_digest(folder / slice.file);
  if (!digest) return std::unexpected(digest.error());
  text += fmt::format("{}\t{}\t{}\t{}\n", slice.file, slice.rows, digest->bytes, digest->digest);
  return auth::replace_file(manifest, text, 0600);
}

Status Retention::take(const RetentionRule& rule, Instant from, Instant to) {
  Store& store = pipeline_.store();
  std::uint64_t rows = 0;
  if (rule.archive) {
    const auto moved = store.archive(rule.table, from, to);
    if (!moved) return std::unexpected(moved.error());
    AYBIZA_TRY(write_manifest(*moved));
    rows = moved->rows;
  } else {
    AYBIZA_TRY(note_gone(rule, to));
    const auto gone = rule.table == Table::rollups ? store.forget_rollups(rule.step, to) : store.forget(rule.table, to);
    if (!gone) return std::unexpected(gone.error());
    rows = *gone;
  }
  const std::lock_guard lock(mutex_);
  (rule.archive ? status_.rows_archived : status_.rows_deleted) += rows;
  return {};
}

// Rows answer for the minutes of hours that had few of them. Before such rows go their minutes are made: answers whether up to the cut.
Result<Instant> Retention::make_minutes(Instant before) {
  Store& store = pipeline_.store();
  for (Instant made = Instant::min(); !stopping_;) {
    const auto hour = first_without_minutes(store, std::max({ever, store.rollup_floor(), store.rollups_gone_before(1min)}), before);
    if (!hour) return std::unexpected(hour.error());
    if (!*hour) return before;
    const Instant day = floor_to(**hour, 24h);
    if (day <= made) return day;  // rows came meanwhile: another time
    AYBIZA_TRY(store.mark_rollups(day, day + 24h));
    const auto done = repair_rollups(store, {.now = pipeline_.clock().now(), .elapsed = pipeline_.clock().elapsed(), .at_once = true, .minutes_before = before, .from = day, .to = day + 24h},
                                     [this] { return stopping_.load(); });
    if (!done) return std::unexpected(done.error());
    made = day;
  }
  return ever;
}

Status Retention::apply(const RetentionRule& rule) {
  Cut cut = cut_of(rule);
  if (is_summed_up(rule.table) && cut.before > ever) {
    const auto made = make_minutes(cut.before);
    if (!made) return std::unexpected(made.error());
    cut.before = *made;
  }
  while (!stopping_) {
    const auto first = oldest(rule, cut.before);
    if (!first) return std::unexpected(first.error());
    if (!*first) return {};
    const Instant day = floor_to(**first, 24h), hour = floor_to(**first, limits::retention_slice);
    const auto rows = count(rule, day, day + 24h);
    if (!rows) return std::unexpected(rows.error());
    AYBIZA_TRY(*rows <= slice_rows ? take(rule, day, day + 24h) : take(rule, hour, hour + limits::retention_slice));
  }
  return {};
}

void Retention::look() {
  const std::lock_guard pass(pass_);
  const auto rules = read_retention(data_);
  {
    const std::lock_guard lock(mutex_);
    status_.running = true;
  }
  std::string error = rules ? "" : rules.error().message;
  if (rules)
    for (const RetentionRule& rule : *rules)
      if (const Status done = stopping_ ? Status{} : apply(rule); !done) error += fmt::format("{}{}: {}", error.empty() ? "" : "; ", rule.what, done.error().message);
  const std::lock_guard lock(mutex_);
  if (!error.empty() && error != status_.error) fmt::print(stderr, "aybiza: retention: {}; it is tried again\n", error);
  status_.error = error;
  status_.running = false;
  ++status_.passes;
}

Result<std::vector<RetentionPreview>> Retention::preview(const std::vector<RetentionRule>& rules) {
  std::vector<RetentionPreview> out;
  for (const RetentionRule& rule : rules) {
    const Cut cut = cut_of(rule);
    RetentionPreview& one = out.emplace_back();
    one.rule = rule, one.before = cut.before, one.waits = cut.waits;
    const auto first = oldest(rule, cut.before);
    if (!first) return std::unexpected(first.error());
    one.oldest = *first;
    if (!*first) {
      one.bytes = 0;
      continue;
    }
    one.days = std::uint64_t((cut.before - floor_to(**first, 24h)) / 24h);
    const auto rows = count(rule, ever, cut.before), all = count(rule, ever, from_micros(253'402'300'800'000'000));
    if (!rows) return std::unexpected(rows.error());
    if (!all) return std::unexpected(all.error());
    one.rows = *rows;
    const bool embedded = pipeline_.store().dialect() == Dialect::duckdb;
    const auto size = one_row(pipeline_.store(), embedded ? fmt::format("SELECT count(DISTINCT block_id) * 262144 FROM pragma_storage_info('{}') WHERE block_id >= 0", to_string(rule.table))
                                                          : fmt::format("SELECT pg_total_relation_size('{}')", to_string(rule.table)),
                              {}, no_deadline);
    if (size && !size->empty() && *all > 0)
      if (const auto bytes = as_integer(size->front())) one.bytes = std::uint64_t(double(*bytes) * double(*rows) / double(*all));
  }
  return out;
}

}  // namespace aybiza
