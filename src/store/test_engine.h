// The engines a test runs on, by name: memory, duckdb, postgres, and what else this machine has.
//
// Shape    postgres is a server of the test binary's own from installed binaries; postgres_newer one from the folder that
//          AYBIZA_POSTGRES_NEWER names (script/pg-newer makes it); postgres_given the server that AYBIZA_TEST_POSTGRES names, in a schema of its own.
// Errors   missing() says why an engine is not here; such a test is skipped with these words.
// Threads  None: owned by one test.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/scratch.h"
#include "store/store.h"

namespace aybiza {

class TestEngine {
 public:
  static std::vector<std::string> names();  // memory, duckdb and postgres always
  static std::vector<std::string> speaking_sql();  // the same without memory
  explicit TestEngine(std::string name);

  const std::string& missing() const { return missing_; }  // empty: it is here
  bool persists() const { return name_ != "memory"; }
  Result<std::unique_ptr<Store>> open(const Clock& clock);
  void renew();  // what is opened next is empty. REQUIRES: no store is open
  const std::string& url() const { return url_; }  // of a PostgreSQL
  const std::string& folder() const { return scratch_->path(); }  // REQUIRES: it persists

 private:
  const std::string name_;
  std::string missing_, url_;
  std::unique_ptr<Scratch> scratch_;
};

}  // namespace aybiza
