// An Event in the shape of the contract again: for raw_events, export, replay and recompute.
//
// Shape    decoding what event_to_json wrote gives the same event, but for the identities, which are derived anew.
// Errors   none.
// Threads  pure functions; any.
// Source   events.md "Envelope", "Types".
#pragma once

#include "codec/json_writer.h"
#include "model/event.h"

namespace aybiza {

void write_event(JsonWriter& json, const Event& event);       // {"type","id","time","source","data":{…}}
void write_event_data(JsonWriter& json, const Event& event);  // the object of `data` alone, with ext's members
std::string event_to_json(const Event& event);
std::string event_data_to_json(const Event& event);

}  // namespace aybiza
