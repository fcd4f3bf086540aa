// The tables of the System page about what is held and who may come in.
//
// Threads  pure.
#pragma once

#include "dashboard/texts.h"
#include "live/inventory.h"
#include "liveview/html.h"
#include "query/zone.h"

namespace aybiza::dashboard {

liveview::Node dimensions_table(const Texts& t, const std::vector<DimensionHeld>& dimensions);  // the nearest to its bound first
liveview::Node retention_table(const Texts& t, const Retained& kept);
std::string retention_done(const Texts& t, const Retained& kept);  // "1 204 rows deleted, 0 moved since the start"; "" before the first pass
liveview::Node models_table(const Texts& t, const std::vector<InForce>& models);
liveview::Node admission_table(const Texts& t, const Admission& admission, const Zone& zone);

}  // namespace aybiza::dashboard
