// `DIR/budgets.tsv`: the budgets of a data directory, read by the server and changed by it or by `aybiza budget`, also beside it.
//
// Shape    a table of auth/watched_file.h. A change goes through the file's lock, so that nobody's is lost.
// Errors   invalid with the line and the remedy; a file that is damaged leaves in force what was good.
// Threads  any.
// Source   docs/money.md "Budgets".
#pragma once

#include <filesystem>
#include <memory>

#include "auth/watched_file.h"
#include "live/spend_budget.h"

namespace aybiza {

struct BudgetFile {
  std::vector<SpendBudget> budgets;
  static Result<std::shared_ptr<const BudgetFile>> read(const std::filesystem::path& file);
};

class BudgetKeeper {
 public:
  static Result<std::unique_ptr<BudgetKeeper>> open(const std::filesystem::path& data);
  explicit BudgetKeeper(const std::filesystem::path& file) : file_(file) {}

  std::vector<SpendBudget> list(Instant now) { return file_.look(now)->budgets; }
  Status set(const SpendBudget& budget);          // in place of the one for the same, or at the end
  Status remove(const SpendBudget& like);         // not_found: there is none

 private:
  auth::WatchedFile<BudgetFile> file_;
};

}  // namespace aybiza
