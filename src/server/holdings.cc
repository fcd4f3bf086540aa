#include "server/holdings.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "text/lexicon.h"

namespace aybiza {
namespace {

Retained retained(const RetentionStatus& status, const std::filesystem::path& data) {
  Retained out{.rules = {}, .passes = status.passes, .rows_deleted = status.rows_deleted, .rows_archived = status.rows_archived, .error = status.error};
  const auto rules = read_retention(data);
  if (!rules) out.error = rules.error().message;
  else
    for (const RetentionRule& rule : *rules) out.rules.push_back({rule.what, rule.days, rule.archive});
  return out;
}

std::vector<InForce> in_force(PriceKeeper& keeper, const Topics& topics) {
  const Lexicon& lexicon = Lexicon::current();
  std::vector<InForce> out{{.what = "lexicon", .name = lexicon.name(), .version = lexicon.hash(), .since = {}, .trouble = {}}};
  const TopicStatus trained = topics.status();
  if (trained.versions.empty()) out.push_back({.what = "topic_model", .name = {}, .version = {}, .since = {}, .trouble = trained.error});
  else out.push_back({.what = "topic_model", .name = {}, .version = trained.versions.front().name, .entries = trained.versions.front().terms, .since = trained.versions.front().trained, .trouble = trained.error});
  const PriceKeeper::Status prices = keeper.status();
  const auto version = [](std::string_view text) { return fmt::format("{:016x}", hash64(text)); };
  out.push_back({.what = "price_book", .name = prices.book.file().empty() ? "built-in" : "prices.tsv", .version = version(std::string(prices.book.shipped()) + std::string(prices.book.file())),
                 .entries = prices.book.rates().size(), .since = {}, .trouble = prices.error});
  return out;
}

std::string state_of(const auth::ApiKey& key, Instant now) { return key.revoked ? "revoked" : key.expires && now >= *key.expires ? "expired" : "active"; }

}  // namespace

std::vector<DimensionHeld> together(const std::vector<std::vector<DimensionLoad>>& shards) {
  std::vector<DimensionHeld> out;
  if (shards.empty()) return out;
  for (std::size_t i = 0; i < shards.front().size(); ++i) {
    DimensionHeld held{.dimension = std::string(shards.front()[i].dimension), .values = {}, .customer = {}};
    std::set<std::uint64_t> values;
    bool known = true;
    for (const auto& shard : shards) {
      const DimensionLoad& load = shard[i];
      held.series += load.series, held.folded += load.folded;
      if (load.most > held.fullest || held.bound == 0) held.fullest = load.most, held.bound = load.bound, held.customer = load.fullest;
      known = known && load.values;
      if (known) values.insert(load.values->begin(), load.values->end());
    }
    if (known) held.values = values.size();
    out.push_back(std::move(held));
  }
  return out;
}

Inventory Holdings::inventory() const {
  Inventory out;
  out.as_of = parts_.pipeline->clock().now();
  LiveShards& shards = parts_.pipeline->shards();
  std::vector<std::vector<DimensionLoad>> loads(shards.count());
  if (shards.run_all([&](std::size_t i, Shard& shard) { loads[i] = shard.loads(limits::series_listed); })) out.dimensions = together(loads);
  out.retained = retained(parts_.retention->status(), parts_.data);
  out.models = in_force(*parts_.prices, *parts_.topics);
  return out;
}

Admission Holdings::admission() const {
  const Instant now = parts_.pipeline->clock().now();
  Admission out{now, {}};
  for (const auth::User& user : parts_.users->list(now))
    out.list.push_back({.name = user.name, .kind = "user", .rights = std::string(to_string(user.role)), .customer = user.customer, .state = user.disabled ? "disabled" : "active",
                        .id = user.id, .created = user.created, .last_used = parts_.sessions->last_used(user.id), .expires = {}});
  for (const auth::ApiKey& key : parts_.keys->list(now))
    out.list.push_back({.name = key.name, .kind = "key", .rights = std::string(to_string(key.scope)), .customer = key.customer, .state = state_of(key, now),
                        .id = key.id, .created = key.created, .last_used = parts_.keys->last_used(key.id), .expires = key.expires});
  std::ranges::stable_sort(out.list, [](const Admitted& a, const Admitted& b) { return std::tie(b.kind, a.name, a.id) < std::tie(a.kind, b.name, b.id); });
  return out;
}

}  // namespace aybiza
