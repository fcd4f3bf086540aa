// What the oracle keeps of an event, and the turns that events make: the inside of oracle.h, its own and not the shards'.
//
// Shape    Kept owns all that one event said; LastWord answers per field what the last of some events said; turns of senders
//          that do not number them are numbered anew from all events of the call.
// Cost     what a map per event costs: it is the slow rival.
// Threads  pure.
// Source   ingest-formats.md 3.3; docs/ingest.md; ARCHITECTURE.md.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "model/event.h"
#include "model/rows.h"

namespace aybiza {

struct Said {  // one field of one event, kept with what decides between it and others
  std::int64_t number = 0;
  std::string text;
};

struct Kept {  // one event, owning its bytes
  EventType type{};
  Rank rank{};
  Instant time{}, received{};
  Id id{}, agent{};
  std::string customer, source, id_text, type_text, ext, scope;
  std::map<Field, Said> fields;
  std::uint64_t place = 0;  // how many events had been added with it
  std::size_t book = 0;     // in force then

  auto order() const { return std::tuple(rank, time, id); }
  bool has(Field f) const { return fields.contains(f); }
};

using Events = std::vector<Kept>;

Kept keep(const Event& event, Instant received);

// The last word on one field among events already in order.
class LastWord {
 public:
  explicit LastWord(const std::vector<const Kept*>& ordered) {
    for (const Kept* event : ordered)
      for (const auto& [field, said] : event->fields) last_[field] = &said;
  }
  Number number(Field f) const {
    const auto at = last_.find(f);
    return at == last_.end() ? Number{} : Number(at->second->number);
  }
  std::string text(Field f) const {
    const auto at = last_.find(f);
    return at == last_.end() ? std::string{} : at->second->text;
  }

 private:
  std::map<Field, const Said*> last_;
};

TurnRow turn_row(const Id& call, std::int64_t number, const std::vector<const Kept*>& ordered);

struct KeyOfTurns {
  Instant start = Instant::max();
  std::uint64_t tie = 0;  // between keys that begin together
  std::int64_t told = 0, number = 0;
  bool exchange = false;
};
std::vector<KeyOfTurns> numbered_keys(const std::vector<const Kept*>& events);

// Of parts that tell one text in several ways only the greatest has it; `made` owns those that lost theirs. A caller's side that
// was told last by an event without a speaker is no turn.
std::vector<const Kept*> with_one_text(const std::vector<const Kept*>& parts, std::deque<Kept>& made);
Kept joined(const std::vector<const Kept*>& parts);  // what its parts make of a turn, as if one event had told it

}  // namespace aybiza
