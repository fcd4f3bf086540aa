#include "server/import_command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <simdjson.h>

#include <thread>

#include "auth/file.h"
#include "base/clock.h"
#include "base/limits.h"
#include "fleet/csv_reader.h"
#include "fleet/import_map.h"
#include "net/content_coding.h"
#include "net/http_client.h"
#include "server/progress.h"
#include "store/parquet_rows.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

int complain(const Error& error) {
  fmt::print(stderr, "aybiza replay: {}\n", error.message);
  return error.code == Code::invalid ? 2 : 1;
}

// Rows of a file, whatever it is.
class RowTable {
 public:
  virtual ~RowTable() = default;
  virtual const std::vector<std::string>& columns() const = 0;
  virtual Result<bool> next(CsvRow& row) = 0;  // false: the end
  virtual std::string_view place() const = 0;  // what CsvRow::line counts
};

class CsvTable final : public RowTable {
 public:
  explicit CsvTable(std::string text) : text_(std::move(text)), reader_(text_) {}
  const std::vector<std::string>& columns() const override { return reader_.header(); }
  Result<bool> next(CsvRow& row) override { return reader_.next(row); }
  std::string_view place() const override { return "line"; }

 private:
  const std::string text_;
  CsvReader reader_;
};

class ParquetTable final : public RowTable {
 public:
  explicit ParquetTable(std::unique_ptr<Rows> rows) : rows_(std::move(rows)) {}
  const std::vector<std::string>& columns() const override { return rows_->columns(); }
  Result<bool> next(CsvRow& row) override {
    while (at_ == count_) {
      const auto more = rows_->next();
      if (!more || !*more) return more;
      at_ = 0, count_ = rows_->row_count();
    }
    row = {.line = ++number_, .cells = {}, .wrong = {}};
    for (std::size_t i = 0; i < columns().size(); ++i) row.cells.push_back(cell_text(rows_->cell(at_, i)));
    ++at_;
    return true;
  }
  std::string_view place() const override { return "row"; }

 private:
  std::unique_ptr<Rows> rows_;
  std::size_t at_ = 0, count_ = 0, number_ = 0;
};

Result<std::unique_ptr<RowTable>> open_table(const std::filesystem::path& file, const Clock& clock) {
  if (file.extension() == ".parquet") {
    auto rows = open_parquet(file.string(), clock);
    if (!rows) return std::unexpected(rows.error());
    return std::make_unique<ParquetTable>(std::move(*rows));
  }
  auto bytes = auth::read_file(file);
  if (!bytes) return std::unexpected(bytes.error());
  if (bytes->starts_with("\x1f\x8b")) {
    net::UnpackLimits local;  // our own file, not a stranger's: only its size is bounded
    local.bytes_max = 4 * limits::GiB, local.ratio_max = 10'000;
    auto unpacked = net::unpack(net::Coding::gzip, *bytes, local);
    if (!unpacked) return wrap(unpacked.error(), file.string());
    *bytes = std::move(unpacked->bytes);
  }
  return std::make_unique<CsvTable>(std::move(*bytes));
}

struct Counts {
  std::uint64_t rows = 0, accepted = 0, duplicates = 0, wrong = 0;
};

// Sends events and tells which rows were refused.
class RowSender {
 public:
  RowSender(net::ClientConfig server, std::string_view place, const std::atomic<bool>& stop) : client_(std::move(server)), place_(place), stop_(stop) {}

  Counts counts;

  void refuse(std::size_t line, std::string_view why) {
    if (++counts.wrong <= limits::import_errors_told) fmt::print(stderr, "{} {}: {}\n", place_, line, why);
  }
  Status add(std::size_t line, std::string_view event) {
    lines_.push_back(line);
    body_.append(event) += '\n';
    return lines_.size() < limits::batch_errors_reported && body_.size() < limits::MiB ? Status{} : flush();
  }
  Status flush() {
    if (lines_.empty()) return {};
    for (Duration pause = 100ms;; pause = std::min<Duration>(pause * 2, 5s)) {
      if (stop_) return fail(Code::unavailable, "stopped");
      const auto answer = client_.request({.method = net::Method::post, .target = "/v1/events", .body = body_, .content_type = "application/x-ndjson", .headers = {}, .repeatable = true});
      if (answer && answer->status == 200) return take(answer->body);
      const bool again = !answer || answer->status == 429 || answer->status == 503;
      if (!again) return fail(answer->status == 401 || answer->status == 403 ? Code::unauthorized : Code::io, "the server answered {}: {}", answer->status, answer->body);
      if (!answer && ++failures_ > 8) return std::unexpected(answer.error());
      std::this_thread::sleep_for(answer ? answer->retry_after().value_or(pause) : pause);  // ids are in the rows: what was taken counts once
    }
  }

 private:
  Status take(const std::string& body) {
    simdjson::dom::parser parser;
    simdjson::dom::element answer;
    simdjson::dom::array errors;
    std::uint64_t accepted = 0, duplicates = 0;
    const bool whole = parser.parse(body).get(answer) == simdjson::SUCCESS && answer["accepted"].get(accepted) == simdjson::SUCCESS &&
                       answer["duplicates"].get(duplicates) == simdjson::SUCCESS && answer["errors"].get(errors) == simdjson::SUCCESS;
    if (!whole) return fail(Code::corrupt, "the server's answer is not understood: {}", body);
    counts.accepted += accepted, counts.duplicates += duplicates;
    for (const simdjson::dom::element error : errors) {
      std::uint64_t index = 0;
      std::string_view field, message;
      if (error["index"].get(index) != simdjson::SUCCESS || index >= lines_.size() || error["message"].get(message) != simdjson::SUCCESS) continue;
      if (error["field"].get(field) != simdjson::SUCCESS) field = {};
      refuse(lines_[index], fmt::format("{}{}{}", field, field.empty() ? "" : ": ", message));
    }
    lines_.clear(), body_.clear(), failures_ = 0;
    return {};
  }

  net::HttpClient client_;
  const std::string_view place_;
  const std::atomic<bool>& stop_;
  std::vector<std::size_t> lines_;
  std::string body_;
  int failures_ = 0;
};

Result<Importer> importer_of(const ReplayCommand& command, const RowTable& table) {
  auto members = own_names(table.columns());
  if (!command.map.empty()) {
    const auto text = auth::read_file(command.map);
    if (!text) return std::unexpected(text.error());
    members = parse_import_map(*text);
    if (!members) return wrap(members.error(), command.map.string());
  }
  if (!members) return std::unexpected(members.error());
  return Importer::bind(std::move(*members), table.columns());
}

Status send_rows(RowTable& table, Importer& importer, RowSender& sender, Progress& progress) {
  for (CsvRow row;;) {
    const auto more = table.next(row);
    if (!more) return std::unexpected(more.error());
    if (!*more) return sender.flush();
    ++sender.counts.rows;
    if (row.wrong.empty()) {
      const auto event = importer.event(row.cells);
      if (event) AYBIZA_TRY(sender.add(row.line, *event));
      else sender.refuse(row.line, event.error().message);
    } else {
      sender.refuse(row.line, row.wrong);
    }
    progress.show(sender.counts.rows, 0, "rows");
  }
}

}  // namespace

bool is_table(const std::filesystem::path& file) {
  const std::string name = file.filename().string();
  return name.ends_with(".csv") || name.ends_with(".csv.gz") || name.ends_with(".parquet");
}

int run_import(const ReplayCommand& command, const std::atomic<bool>& stop) {
  auto server = net::parse_http_url(command.url);
  if (!server) return complain({Code::invalid, fmt::format("'{}' is not a server: give --url http://HOST:PORT", command.url)});
  if (!command.key.empty()) server->headers.push_back({"Authorization", "Bearer " + command.key});
  const SystemClock clock;
  auto table = open_table(command.file, clock);
  if (!table) return complain(table.error());
  auto importer = importer_of(command, **table);
  if (!importer) return complain(importer.error());
  if (const auto unused = importer->unused((*table)->columns()); !unused.empty()) fmt::print(stderr, "not taken: {}\n", fmt::join(unused, ", "));
  RowSender sender(std::move(*server), (*table)->place(), stop);
  Progress progress("replay " + command.file.filename().string());
  const Status done = send_rows(**table, *importer, sender, progress);
  const Counts& counts = sender.counts;
  if (counts.wrong > limits::import_errors_told) fmt::print(stderr, "and {} more\n", counts.wrong - limits::import_errors_told);
  progress.finish(done ? "done" : "ended before its time");
  fmt::print("rows {}  accepted {}  duplicates {}  wrong {}\n", counts.rows, counts.accepted, counts.duplicates, counts.wrong);
  if (!done) return complain(done.error());
  return counts.wrong == 0 ? 0 : 1;
}

}  // namespace aybiza
