#include "server/budget_keeper.h"

#include <algorithm>

namespace aybiza {

Result<std::shared_ptr<const BudgetFile>> BudgetFile::read(const std::filesystem::path& file) {
  auto made = std::make_shared<BudgetFile>();
  const auto text = auth::read_file(file);
  if (!text && text.error().code == Code::not_found) return made;
  if (!text) return std::unexpected(text.error());
  auto budgets = parse_budgets(*text);
  if (!budgets) return wrap(budgets.error(), file.string());
  made->budgets = std::move(*budgets);
  return made;
}

Result<std::unique_ptr<BudgetKeeper>> BudgetKeeper::open(const std::filesystem::path& data) {
  auto keeper = std::make_unique<BudgetKeeper>(data / "budgets.tsv");
  AYBIZA_TRY(keeper->file_.reload());
  return keeper;
}

Status BudgetKeeper::set(const SpendBudget& budget) {
  const auto good = checked_budget(budget);
  if (!good) return std::unexpected(good.error());
  return file_.rewrite([&](const BudgetFile& file) -> Result<std::string> {
    std::vector<SpendBudget> all = file.budgets;
    const auto old = std::ranges::find_if(all, [&](const SpendBudget& other) { return other.same(*good); });
    if (old != all.end()) old->cents = good->cents;
    else if (all.size() == budgets_most) return fail(Code::too_large, "there are {} budgets already", budgets_most);
    else all.push_back(*good);
    return to_text(all);
  });
}

Status BudgetKeeper::remove(const SpendBudget& like) {
  return file_.rewrite([&](const BudgetFile& file) -> Result<std::string> {
    std::vector<SpendBudget> all = file.budgets;
    if (std::erase_if(all, [&](const SpendBudget& other) { return other.same(like); }) == 0) return fail(Code::not_found, "{} {} has no budget", to_string(like.of), like.name);
    return to_text(all);
  });
}

}  // namespace aybiza
