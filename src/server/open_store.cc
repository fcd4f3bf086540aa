#include "server/open_store.h"

#include "store/duckdb_store.h"
#include "store/postgres_store.h"

namespace aybiza {

Result<std::unique_ptr<Store>> open_store(const std::filesystem::path& data, const std::string& store, const Clock& clock) {
  if (is_postgres_url(store)) return open_postgres_store({.url = store, .clock = &clock, .scratch = (data / "store.tmp").string()});
  if (store == "duckdb") return open_duckdb_store({.directory = data.string(), .clock = &clock});
  return fail(Code::invalid, "--store {} is not known: write duckdb, or postgres://USER@HOST/DATABASE", store);
}

}  // namespace aybiza
