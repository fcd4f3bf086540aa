// What retention has taken from a question's range, and how its answer says so.
//
// Shape    kept_of() reads the store's floors for the tables a question needs. Where rows are gone and rollups cannot answer in
//          their place, the answer is of what is left, with a note "not_covered: …"; a question that lies in what is gone as a whole is
//          refused (not_covered).
// Threads  values; none.
// Source   docs/retention.md.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "query/question.h"
#include "store/store.h"

namespace aybiza {

struct KeptRange {
  Instant rows = Instant::min();  // rows before it are nowhere
  std::array<Instant, 3> rollups{Instant::min(), Instant::min(), Instant::min()};  // of minutes, hours and days, likewise
  Instant rollups_of(Duration step) const { return rollups[step >= Duration(std::chrono::hours(24)) ? 2 : step >= Duration(std::chrono::hours(1)) ? 1 : 0]; }
};

KeptRange kept_of(const Question& question, const Store& store);
// The store to read for [from, to): with what was archived, where the range reaches into that.
std::shared_ptr<Store> store_for(Store& store, Instant from, Instant to = Instant::max());
std::string gone_note(Instant gone, Instant from, Instant to);  // "not_covered: rows before … are gone …; … to … is left out"

}  // namespace aybiza
