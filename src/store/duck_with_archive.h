// The embedded store together with what was archived: its reading functions, and nothing of its writing ones.
//
// Threads  as Store; both arguments outlive it.
#pragma once

#include <memory>

#include "store/duck_reader.h"
#include "store/store.h"

namespace aybiza {

std::shared_ptr<Store> make_duck_with_archive(Store& store, DuckReader& reader);

}  // namespace aybiza
