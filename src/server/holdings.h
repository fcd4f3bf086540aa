// What the System page lists of what this server holds: dimension values, retention, models in force, users and keys.
//
// Cost     inventory(): one message to each shard, whose series are walked (limits::series_listed of a dimension at most), and two
//          small files. For a topic that comes seldom.
// Threads  any but the shards' own. REQUIRES: its parts outlive it.
// Source   interface.md "System".
#pragma once

#include <filesystem>

#include "auth/key_store.h"
#include "auth/session_store.h"
#include "auth/user_store.h"
#include "live/inventory.h"
#include "server/pipeline.h"
#include "server/price_keeper.h"
#include "server/retention.h"
#include "server/topics.h"

namespace aybiza {

namespace limits {
inline constexpr std::size_t series_listed = 100'000;  // of one dimension and shard; its values are not told apart beyond
}

struct HoldingsParts {
  Pipeline* pipeline = nullptr;
  const Retention* retention = nullptr;
  PriceKeeper* prices = nullptr;
  const Topics* topics = nullptr;
  auth::UserStore* users = nullptr;
  const auth::SessionStore* sessions = nullptr;
  auth::KeyStore* keys = nullptr;
  std::filesystem::path data = {};
};

class Holdings {
 public:
  explicit Holdings(HoldingsParts parts) : parts_(std::move(parts)) {}
  Inventory inventory() const;
  Admission admission() const;

 private:
  const HoldingsParts parts_;
};

// Loads of several shards as one: values together, and of the customers that have most the fullest. Pure, for tests.
std::vector<DimensionHeld> together(const std::vector<std::vector<DimensionLoad>>& shards);

}  // namespace aybiza
