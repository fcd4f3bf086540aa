#include "store/duck_with_archive.h"

namespace aybiza {
namespace {

class DuckWithArchive final : public Store {
 public:
  DuckWithArchive(Store& store, DuckReader& reader) : store_(store), reader_(reader) { samples_ = true; }  // whether there are, their files say
  Dialect dialect() const override { return Dialect::duckdb; }
  StoreStats stats() const override { return store_.stats(); }
  Result<std::uint64_t> applied() override { return store_.applied(); }
  Status apply(const RowBatch&) override { return no_writing(); }
  Result<RowBatch> rows(const RowFilter& filter) override { return reader_.rows(filter); }
  Result<RowBatch> find_call(std::string_view id, std::string_view customer) override { return reader_.find_call(id, customer); }
  Result<std::unique_ptr<Rows>> sql(std::string_view text, std::span<const Param> params, Duration deadline) override { return reader_.sql(text, params, deadline); }
  Status export_table(std::string_view table, ExportFormat format, Instant from, Instant to, const ByteSink& sink, const ExportOptions& options) override {
    return reader_.export_table(table, format, from, to, sink, options);
  }
  bool keeps_rollups() const override { return store_.keeps_rollups(); }
  std::vector<DirtyBucket> dirty_rollups() const override { return store_.dirty_rollups(); }
  Status checkpoint() override { return no_writing(); }
  Result<std::uint64_t> forget(Table, Instant) override { return no_writing(); }

 private:
  static std::unexpected<Error> no_writing() { return fail(Code::unsupported, "what is archived is read only"); }
  Store& store_;
  DuckReader& reader_;
};

}  // namespace

std::shared_ptr<Store> make_duck_with_archive(Store& store, DuckReader& reader) { return std::make_shared<DuckWithArchive>(store, reader); }

}  // namespace aybiza
