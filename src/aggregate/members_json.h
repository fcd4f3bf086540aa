// The members of an event as one JSON object, for rows that have no table yet.
//
// Shape    known fields by their wire names and units, sorted as fields are; unknown members follow as they came.
// Threads  pure.
#pragma once

#include <string>

#include "model/event.h"

namespace aybiza {

std::string members_json(const Event& event);

}  // namespace aybiza
