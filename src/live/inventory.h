// What the System page lists of what is held: values of dimensions and how near their bounds they are, what is kept how long,
// which models and lists are in force, and who may come in. Never a secret.
//
// Shape    the server fills it. Who may see one customer only is shown none of it; Admission is for admins of all customers.
// Units    as the names say. Unknown is empty, never zero.
// Threads  values.
// Source   interface.md "System".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"

namespace aybiza {

struct DimensionHeld {
  std::string dimension;                // "region"; a name of model/measure.h
  std::optional<std::uint64_t> values;  // told apart, of all customers; empty: more than are worth counting
  std::uint64_t series = 0;             // in live state, of all shards and customers
  std::uint64_t fullest = 0, bound = 0; // values of the customer with most, in the fullest shard, and how many that may be
  std::string customer;                 // whose; "": nobody's in particular
  std::uint64_t folded = 0;             // contributions that went to "__other__" since the start
};
struct KeptRule {
  std::string what;                     // as in the rules: "calls", "rollups_minute"
  std::int64_t days = 0;
  bool archive = false;                 // moved into files, not deleted
};
struct Retained {
  std::vector<KeptRule> rules;          // what none names is kept for good
  std::uint64_t passes = 0, rows_deleted = 0, rows_archived = 0;  // since the start
  std::string error;                    // of the last pass, or of reading the rules
};
struct InForce {
  std::string what, name, version;      // "lexicon", "built-in", a hash
  std::uint64_t entries = 0;            // of a book or a model; 0: it has none to count
  std::string since, trouble;           // RFC 3339, or ""; why a newer one is not in force
};
struct Inventory {
  Instant as_of{};
  std::vector<DimensionHeld> dimensions;
  Retained retained;
  std::vector<InForce> models;
};

struct Admitted {
  std::string name, kind, rights, customer, state;  // kind: user, key; rights: a role or a scope; state: active, disabled, revoked, expired
  std::string id;
  Instant created{};
  std::optional<Instant> last_used;     // of a user: by what is left of their sessions; of a key: since the start
  std::optional<Instant> expires;
};
struct Admission {
  Instant as_of{};
  std::vector<Admitted> list;           // users by name, then keys by name
};

}  // namespace aybiza
